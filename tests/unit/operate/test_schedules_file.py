"""Schedules from outside the code: exported, kept in a file, and taken over."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery
from celery.beat import PersistentScheduler
from click.testing import CliRunner

from migrator.cli import migrate
from migrator.errors import UsageError
from migrator.model import Target
from migrator.operate.schedules import (
    FILE_NAME,
    load_schedules,
    merged,
    read_application,
    schedules_text,
)
from migrator.pipeline import make_plan, read_plan_file, survey
from migrator.schedules import StoredEntry, convert

LAST = datetime(2026, 11, 20, 3, 4, 5, 678000, tzinfo=UTC)
APP = """\
import os

from celery import Celery
from celery.schedules import crontab, schedule

print("this module prints")
app = Celery("shop", broker="memory://")


class Sun(schedule):
    pass


app.conf.timezone = "Europe/Berlin"
PERIOD = float(os.environ.get("PERIOD", "90"))
app.conf.beat_schedule = {
    "plain": {"task": "shop.tasks.plain", "schedule": 60.0},
    "computed": {"task": "shop.tasks.plain", "schedule": PERIOD, "args": (1,)},
    "at-night": {
        "task": "shop.tasks.plain",
        "schedule": crontab(hour={2, 3}, minute=5),
    },
    "sun": {"task": "shop.tasks.plain", "schedule": Sun(60.0)},
}
for number in range(2):
    app.conf.beat_schedule[f"loop-{number}"] = {
        "task": "shop.tasks.plain",
        "schedule": 3600.0 + number,
    }
"""
TASKS = """\
import pathlib

from shop.app import app


@app.task(name="shop.tasks.plain", ignore_result=True)
def plain(number: int = 0) -> None:
    pathlib.Path("seen").touch()
"""


@pytest.fixture
def project(tmp_path, proofs_kept):
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "app.py").write_text(APP)
    (root / "shop" / "tasks.py").write_text(TASKS)
    return root


def run(*arguments, code=0):
    done = CliRunner().invoke(migrate, [str(a) for a in arguments])
    if code:
        assert isinstance(done.exception, UsageError | SystemExit)
        return str(done.exception)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.output


def planned(root):
    plan = make_plan(survey(root), None)
    return {schedule.entry.name: schedule for schedule in plan.schedules}


def test_what_the_code_computes_is_read_from_the_application(project, monkeypatch):
    assert planned(project)["computed"].target is Target.CELERY
    monkeypatch.setenv("PERIOD", "120")
    run("plan", project, "--import-app", "shop.app:app")
    monkeypatch.delenv("PERIOD")  # what was evaluated is kept
    schedules = planned(project)
    entry = schedules["computed"].entry
    assert entry.spec["seconds"] == 120.0
    assert entry.args.value == (1,)
    assert schedules["computed"].target is Target.APSCHEDULER
    assert schedules["at-night"].entry.spec["timezone"] == "Europe/Berlin"
    assert schedules["sun"].target is Target.CELERY


def test_entries_without_a_line_of_their_own_are_listed_and_stay(project):
    assert "loop-0" not in planned(project)
    run(
        "operate", "export-schedules", "--root", project, "--import-app", "shop.app:app"
    )
    loop = planned(project)["loop-1"]
    assert loop.target is Target.CELERY
    assert "application" in loop.refusal
    assert loop.entry.spec["seconds"] == 3601.0


def test_scan_imports_for_itself_and_writes_nothing(project):
    output = CliRunner().invoke(
        migrate, ["scan", str(project), "--format", "json", "--import-app", "shop.app"]
    )
    found = json.loads(output.stdout)["inventory"]["schedules"]
    assert {entry["name"] for entry in found} >= {"computed", "loop-0"}
    assert not (project / FILE_NAME).exists()


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("shop.app:none", "has no attribute 'none'"),
        ("shop.nowhere:app", "No module named 'shop.nowhere'"),
        ("", "Empty module name"),
    ],
)
def test_an_application_that_cannot_be_imported(project, app, reason):
    with pytest.raises(UsageError, match=reason):
        read_application(project, app)


def test_an_application_in_a_subfolder_is_imported_from_there(project):
    (project / "backend").mkdir()
    (project / "shop").rename(project / "backend" / "shop")
    assert any(e.name == "loop-0" for e in read_application(project, "shop.app:app"))


def test_nothing_is_imported_unasked(project):
    (project / "shop" / "app.py").write_text(
        APP + 'open("imported", "w").close()\n', encoding="utf-8"
    )
    run("plan", project)
    assert not list(project.rglob("imported"))
    read_application(project, "shop.app:app")
    assert list(project.rglob("imported"))


def beat_file(folder):
    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"plain": {"task": "shop.tasks.plain", "schedule": 60.0}}
    beat = PersistentScheduler(app=app, schedule_filename=str(folder / "state"))
    beat.schedule["plain"].last_run_at = LAST
    beat.close()
    return folder / "state"


def test_beats_last_runs_keep_the_phase(project, tmp_path):
    output = run("operate", "export-schedules", "--root", project, beat_file(tmp_path))
    assert "'plain' -> shop.tasks.plain: last ran 2026-11-20 03:04:05 UTC" in output
    schedule = planned(project)["plain"]
    assert "2026, 11, 20, 3, 5, 5, 678000" in schedule.trigger
    trigger = convert(schedule.entry.spec).apscheduler_trigger()
    due = trigger.get_next_fire_time(None, LAST)
    assert due == LAST + timedelta(minutes=1)


def test_the_phase_outlives_apply_and_a_second_export(project, tmp_path):
    run("operate", "export-schedules", "--root", project, beat_file(tmp_path))
    run("plan", project)
    run("apply", project)
    before = planned_after(project)
    assert before.is_moved
    assert "2026, 11, 20, 3, 5, 5, 678000" in before.trigger
    (project / FILE_NAME).unlink()
    assert planned_after(project).trigger == before.trigger


def planned_after(project):
    plan = make_plan(survey(project), read_plan_file(project))
    return {s.entry.name: s for s in plan.schedules}["plain"]


def test_a_store_that_cannot_be_read_is_named_without_its_password(project):
    for store in (
        "postgresql+psycopg://me:secret@127.0.0.1:1/shop",
        "redis://:secret@127.0.0.1:1/0",
        "nodriver://me:secret@127.0.0.1/shop",
        "missing-file",
    ):
        message = run("operate", "export-schedules", "--root", project, store, code=2)
        assert "secret" not in message
        assert "Nothing was written" in message
    assert not (project / FILE_NAME).exists()
    assert "no store is named" in run("operate", "export-schedules", code=2)


def test_an_export_replaces_its_own_origin_alone():
    old = [
        StoredEntry("a", "t", LAST, origin="beat"),
        StoredEntry("b", "t", None, origin="redbeat"),
    ]
    new = [StoredEntry("c", "t", None, origin="redbeat")]
    assert [entry.name for entry in merged(old, new)] == ["a", "c"]


def test_what_is_written_is_what_is_read(tmp_path):
    entry = StoredEntry(
        "a",
        "t",
        LAST,
        spec={"kind": "interval", "seconds": 5.0, "timezone": "UTC"},
        args=(1, "x"),
        kwargs={"k": [1]},
        options={"expires": 5},
        is_enabled=False,
        origin="redbeat",
    )
    path = tmp_path / FILE_NAME
    path.write_text(schedules_text([entry]))
    assert load_schedules(path) == (entry,)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": 2}', '{"version": 1, "entries": [{"x": 1}]}']
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / FILE_NAME
    path.write_text(content)
    with pytest.raises(UsageError, match=FILE_NAME):
        load_schedules(path)


def test_neither_a_pipe_nor_depth_holds_it_up(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_text("[" * 200_000)
    with pytest.raises(UsageError, match=FILE_NAME):
        load_schedules(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UsageError, match=FILE_NAME):
        load_schedules(path)


def test_rows_that_would_go_on_are_named(project):
    (project / "Procfile").write_text(
        "beat: celery -A shop.app beat"
        " --scheduler django_celery_beat.schedulers:DatabaseScheduler\n"
    )
    run("plan", project)
    done = CliRunner().invoke(migrate, ["diff", str(project), "--format", "json"])
    steps = json.loads(done.stdout)["manual_steps"]
    (step,) = [s for s in steps if "PeriodicTask" in s["text"]]
    assert "'plain'" in step["text"]
