"""Last runs and schedules from beat's file, django-celery-beat and RedBeat."""

from __future__ import annotations

import json
import os
import pickle
import shelve
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from celery.beat import PersistentScheduler
from celery.schedules import crontab
from redis import Redis

from migrator.schedules import (
    StoreReadError,
    convert,
    read_django_celery_beat,
    read_redbeat,
    read_shelve,
    with_stored,
)
from migrator.schedules.stored import StoredEntry
from tests.acceptance.scheduler_project import entry, every

LAST = datetime(2026, 11, 20, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture(params=["UTC", "America/New_York"])
def beat_file(tmp_path, request):
    """What a real beat leaves behind when it stops."""
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.timezone = request.param
    app.conf.beat_schedule = {
        "probe": {"task": "shop.probe", "schedule": 30.0, "args": (1,)},
        "report": {"task": "shop.report", "schedule": crontab(hour=3)},
    }
    path = tmp_path / "celerybeat-schedule"
    beat = PersistentScheduler(app=app, schedule_filename=str(path))
    beat.schedule["probe"].last_run_at = LAST.astimezone(app.timezone)
    beat.close()
    return path


def test_last_runs_of_beats_own_file(beat_file):
    found = {stored.name: stored for stored in read_shelve(beat_file)}
    assert set(found) >= {"probe", "report"}
    assert found["probe"].task == "shop.probe"
    assert found["probe"].last_run_at == LAST
    assert found["report"].last_run_at is not None


def test_a_pickle_is_not_executed(tmp_path):
    """The file lies in a stranger's repository: reading it must not run it."""

    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/exploded",)

    with shelve.open(str(tmp_path / "state")) as file:
        file["entries"] = {"probe": Bomb()}
    assert pickle.dumps(Bomb())
    read_shelve(tmp_path / "state")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [None, b"not a database", b""])
def test_a_file_that_is_no_state_is_named(tmp_path, content):
    path = tmp_path / "celerybeat-schedule"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreReadError, match="celerybeat-schedule"):
        read_shelve(path)


def test_an_interval_goes_on_from_its_last_run():
    """The next run is one interval after the last one, as with beat."""
    stored = [StoredEntry("probe", "shop.tick", LAST)]
    probe, other = with_stored(
        [every(3600, "probe"), every(60, "other")], stored, "stored.json"
    )
    assert probe.spec["last_run_at"] == LAST.isoformat()
    assert "last_run_at" not in other.spec
    trigger = convert(probe.spec).apscheduler_trigger()
    assert trigger.get_next_fire_time(None, LAST) == LAST + timedelta(hours=1)


def moment(value):
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {
        "__type__": "datetime",
        **{part: getattr(value, part) for part in parts},
        "timezone": "UTC",
    }


REDBEAT = {
    "redbeat:every": (
        {
            "name": "every",
            "task": "shop.probe",
            "args": [1],
            "kwargs": {"deep": True},
            "options": {"queue": "light"},
            "schedule": {"__type__": "interval", "every": 90.0, "relative": False},
            "enabled": True,
        },
        {"last_run_at": moment(LAST), "total_run_count": 3},
    ),
    "redbeat:nightly": (
        {
            "name": "nightly",
            "task": "shop.report",
            "args": None,
            "kwargs": None,
            "options": {},
            "schedule": {
                "__type__": "crontab",
                "minute": "0",
                "hour": "3",
                "day_of_week": "*",
                "day_of_month": "*",
                "month_of_year": "*",
            },
            "enabled": False,
        },
        {"last_run_at": None},
    ),
    "redbeat:odd": (
        {
            "name": "odd",
            "task": "shop.report",
            "schedule": {"__type__": "rrule", "freq": 3},
        },
        None,
    ),
}


def test_redbeats_keys(redis_url):
    with Redis.from_url(redis_url) as redis:
        for key, (definition, meta) in REDBEAT.items():
            redis.hset(key, "definition", json.dumps(definition))
            if meta is not None:
                redis.hset(key, "meta", json.dumps(meta))
        redis.set("redbeat::lock", "somebody")
        redis.zadd("redbeat::schedule", {"redbeat:every": 1.0})
    found = {stored.name: stored for stored in read_redbeat(redis_url, zone="UTC")}
    assert set(found) == {"every", "nightly", "odd"}
    assert found["every"].spec["seconds"] == 90.0
    assert found["every"].last_run_at == LAST
    assert found["every"].args == (1,)
    assert found["every"].options == {"queue": "light"}
    assert not convert(found["nightly"].spec).refusal
    assert not found["nightly"].is_enabled
    assert found["odd"].spec is None
    assert "rrule" in found["odd"].unreadable


def test_a_redis_that_is_down_is_said_without_its_password():
    with pytest.raises(StoreReadError) as caught:
        read_redbeat("redis://:secret@127.0.0.1:1/0")
    assert "secret" not in str(caught.value)


def test_a_database_without_the_tables_is_named(tmp_path):
    with pytest.raises(StoreReadError, match="database"):
        read_django_celery_beat(f"sqlite:///{tmp_path}/empty.db")


def test_what_was_read_is_an_entry_like_any_other():
    given = entry("nightly", {"kind": "crontab", "hour": 3, "minute": 0})
    (kept,) = with_stored([given], [StoredEntry("nightly", "x", None)], "f")
    assert kept == given
