"""Which slot a run of beat stands for, and that one of many gets it."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import crontab, schedule
from redis.exceptions import RedisError
from sqlalchemy import text

from shim.beat import (
    ClaimingScheduler,
    RedisClaims,
    crontab_slot,
    interval_slot,
    open_claims,
    undisturbed,
)
from shim.errors import ConfigurationError

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 2, 10, 5, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "last", "slot"),
    [
        ({"minute": "*/5"}, "2026-11-02T10:00:00.300+00:00", "2026-11-02T10:05"),
        ({"minute": "*/5"}, "2026-11-02T09:31:00+00:00", "2026-11-02T10:05"),
        ({"hour": "3", "minute": "0"}, "2026-10-30T03:00:01+00:00", "2026-11-02T03:00"),
        ({"minute": "*/5"}, "2026-11-02T10:05:00.100+00:00", None),
    ],
)
def test_a_crontabs_slot_is_the_latest_that_is_due(fields, last, slot, monkeypatch):
    app = Celery("unit", set_as_current=False)
    monkeypatch.setattr(app, "now", lambda: AT)
    monkeypatch.setattr("shim.beat.now", lambda: AT)
    found = crontab_slot(crontab(**fields, app=app), datetime.fromisoformat(last))
    wanted = None if slot is None else datetime.fromisoformat(f"{slot}:00+00:00")
    assert found == wanted


@pytest.mark.parametrize("last", [None, AT - timedelta(days=365 * 30)])
def test_an_entry_that_has_never_run_has_a_slot(last, monkeypatch):
    """As RedBeat and django-celery-beat have them; and without walking 30 years."""
    app = Celery("unit", set_as_current=False)
    monkeypatch.setattr(app, "now", lambda: AT)
    monkeypatch.setattr("shim.beat.now", lambda: AT)
    assert crontab_slot(crontab(app=app), last) == AT.replace(microsecond=0)
    monthly = crontab(minute="0", hour="0", day_of_month="1", app=app)
    assert crontab_slot(monthly, last) == datetime(2026, 11, 1, tzinfo=UTC)


def test_a_slot_in_the_applications_zone(monkeypatch):
    app = Celery("unit", set_as_current=False)
    app.conf.timezone = "Europe/Berlin"
    here = datetime(2026, 10, 25, 3, 0, 1, tzinfo=BERLIN)  # after the clock change
    monkeypatch.setattr(app, "now", lambda: here)
    monkeypatch.setattr("shim.beat.now", lambda: here.astimezone(UTC))
    last = datetime(2026, 10, 24, 3, 0, tzinfo=BERLIN)
    found = crontab_slot(crontab(hour="3", minute="0", app=app), last)
    assert found == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_an_intervals_slots_lie_on_the_grid():
    anchor = datetime(2026, 11, 1, 0, 0, 7, tzinfo=UTC)
    every = timedelta(seconds=30)
    assert interval_slot(every, anchor, AT) == datetime(
        2026, 11, 2, 10, 4, 37, tzinfo=UTC
    )
    later = anchor + timedelta(days=400)  # the anchor may lie ahead
    assert interval_slot(every, later, AT) == interval_slot(every, anchor, AT)


@pytest.fixture(params=["redis", "sqlite"])
def stores(request, tmp_path, monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/claims.db")
    monkeypatch.setenv("SHIM_CLAIMS", "shop.light")
    if request.param == "redis":
        monkeypatch.setenv("REDIS_URL", request.getfixturevalue("redis_url"))


def test_a_slot_is_claimed_once(stores):
    first, second = open_claims(), open_claims()
    later = AT + timedelta(seconds=5)
    assert [c.claim("probe", AT) for c in (first, second, first)] == [
        True,
        False,
        False,
    ]
    assert second.claim("probe", later)
    assert first.claim("other", AT)
    assert first.known_slot("probe") is None  # the scheduler has never been up


def test_the_scheduler_learns_of_beats_slots(stores):
    """Else a Redis that was restarted would give the slot a second time."""
    claims = open_claims()
    with claims._states.engine.begin() as connection:
        columns = "entry VARCHAR(9), last_slot VARCHAR(40), next_run VARCHAR(40)"
        connection.execute(text(f"CREATE TABLE shop_light_state ({columns})"))
        rows = "INSERT INTO shop_light_state (entry) VALUES ('noted')"
        connection.execute(text(rows))
    step = timedelta(seconds=5)
    claims.note("noted", AT, AT + step)
    claims.note("noted", AT - step, AT)  # of a beat that is slower
    assert claims._states.slot("noted", "last_slot") == AT
    assert claims._states.slot("noted", "next_run") == AT + step
    # Nobody has claimed it in Redis: the table alone says that it has run.
    assert not (isinstance(claims, RedisClaims) and claims.claim("noted", AT))


@pytest.mark.parametrize(
    ("table", "entry", "ahead", "is_refused"),
    [
        ("other_state", "noted", timedelta(hours=1), True),
        ("other_state", "else", timedelta(hours=1), False),
        ("other_state", "noted", timedelta(days=-1), False),  # it ended long ago
        ("shop_light_state", "noted", timedelta(hours=1), False),
    ],
)
def test_a_scheduler_that_claims_by_another_name_is_noticed(
    stores, table, entry, ahead, is_refused
):
    """Else beat and scheduler would each get every slot: it would run twice."""
    claims = open_claims()
    columns = ("entry", "last_slot", "next_run", "missed_slot")
    at = (datetime.now(UTC) + ahead).isoformat(timespec="microseconds")
    with claims._states.engine.begin() as connection:
        connection.execute(text("CREATE TABLE user_state (name VARCHAR(9))"))
        typed = ", ".join(f"{name} VARCHAR(40)" for name in columns)
        connection.execute(text(f"CREATE TABLE {table} ({typed})"))
        row = f"INSERT INTO {table} (entry, next_run) VALUES ('{entry}', '{at}')"
        connection.execute(text(row))
    if is_refused:
        with pytest.raises(ConfigurationError, match=r"other_state.*SHIM_CLAIMS"):
            claims.refuse_foreign("noted")
    else:
        claims.refuse_foreign("noted")


def test_sigterm_waits_for_the_message():
    received = []
    before = signal.signal(signal.SIGTERM, lambda *_: received.append("stop"))
    try:
        with undisturbed():
            # To this thread: other tests of the process may have left some.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            assert received == []
        assert received == ["stop"]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_no_store_is_no_beat(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="REDIS_URL or DATABASE_URL"):
        open_claims()


def test_of_two_beats_one_sends(stores, tmp_path):
    app = Celery("unit", broker="memory://", set_as_current=False)
    sent = []
    beats = [
        ClaimingScheduler(
            app=app, schedule_filename=str(tmp_path / f"beat{n}"), lazy=True
        )
        for n in range(2)
    ]
    for beat in beats:
        beat.send_task = lambda *given, **_: sent.append(given[0])
        entry = ScheduleEntry(
            "probe",
            "shop.probe",
            app.now() - timedelta(hours=1),
            schedule=schedule(3600.0, app=app),
            app=app,
        )
        beat.apply_async(entry, advance=False)
        beat.close()
    assert sent == ["shop.probe"]


def test_a_store_that_is_down_sends_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = Celery("unit", broker="memory://", set_as_current=False)
    path = str(tmp_path / "beat")
    beat = ClaimingScheduler(app=app, schedule_filename=path, lazy=True)
    beat.send_task = lambda *_given, **_named: pytest.fail("it was sent unclaimed")
    when = schedule(60.0, app=app)
    last = app.now() - timedelta(hours=1)
    entry = ScheduleEntry("probe", "shop.probe", last, schedule=when, app=app)
    with pytest.raises(RedisError, match="refused"):
        beat.apply_async(entry, advance=False)
    beat.close()
