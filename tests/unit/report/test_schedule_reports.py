"""The proofs of `verify --schedules` and the hours of `status --timeline`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from migrator.cli import migrate
from migrator.model import Target
from migrator.report.timeline_report import print_timeline
from migrator.schedules import plan_schedules
from tests.acceptance.scheduler_project import entry, every
from tests.documents import valid

APP = """\
from celery import Celery
from celery.schedules import crontab

app = Celery("mill")
app.conf.timezone = "Europe/Berlin"
app.conf.beat_schedule = {
    "nightly": {"task": "mill.app.grind", "schedule": crontab(hour=2, minute=30)},
    "minutely": {"task": "mill.app.grind", "schedule": 60.0},
    "odd": {"task": "mill.app.grind", "schedule": crontab(0, 9, "mon#1")},
}


@app.task(ignore_result=True)
def grind() -> None:
    print("ground")
"""
NOW = datetime(2026, 11, 28, 12, 34, tzinfo=UTC)


@pytest.fixture
def project(tmp_path, proofs_kept):
    (tmp_path / "mill").mkdir()
    (tmp_path / "mill" / "__init__.py").touch()
    (tmp_path / "mill" / "app.py").write_text(APP)
    return tmp_path


def run(*arguments):
    done = CliRunner().invoke(migrate, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


@pytest.mark.parametrize("target", ["apscheduler", "cronjob"])
def test_the_proof_is_that_of_the_target(project, target):
    run("plan", project)
    path = project / "migrate.toml"
    text = path.read_text()
    assert 'target = "' in text
    path.write_text(
        "\n".join(
            f'target = "{target}"' if line.startswith("target = ") else line
            for line in text.splitlines()
        )
    )
    output = run("verify", project, "--schedules")
    assert "crontab(hour=2, minute=30)  zone Europe/Berlin" in output
    assert "identical over 73" in output
    assert "and the clock changes of 20" in output
    assert "otherwise than it looks" in output
    proofs = valid(run("verify", project, "--schedules", "--format", "json"), "proofs")
    nightly = {p["name"]: p for p in proofs["schedules"]}["nightly"]
    assert nightly["target"] == target
    assert nightly["identical"]
    assert len(nightly["clock_changes_at"]) == nightly["clock_changes"] == 4
    if target == "cronjob":
        # Kubernetes would run twice, or not at all, when the clocks change at 2.
        assert nightly["cron"] == ["30 0,1 * * *"]
        assert nightly["guard"].startswith("WallClock(")
        assert nightly["guard"] in output


def test_the_timeline_counts_the_runs_of_each_hour(capsys):
    crontab = {"kind": "crontab", "minute": "0,30", "hour": "13"}
    written = [entry("lunch", crontab), every(60, "minutely"), every(1, "secondly")]
    print_timeline(plan_schedules(written, {}), "text", NOW)
    head, lunch, minutely, secondly, note = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["UTC", "runs", "on", "12", "13"]
    assert lunch.split() == ["lunch", "beat", "·", "2", *["·"] * 22]
    assert minutely.split() == ["minutely", "beat", *["60"] * 24]
    assert secondly.split() == ["secondly", "beat", *["+"] * 24]
    assert "more than 99" in note


def test_what_cannot_be_computed_says_why(capsys):
    unread = replace(every(60, "env"), spec=None)
    print_timeline(plan_schedules([unread], {}), "text", NOW)
    assert "not readable" in capsys.readouterr().out


def test_the_timeline_of_a_project_as_data(project):
    output = run("status", project, "--timeline", "--format", "json")
    found = valid(output, "timeline")
    rows = {row["name"]: row for row in found["schedules"]}
    assert {row["runs_on"] for row in rows.values()} == {"beat"}
    assert len(rows["minutely"]["fires"]) == 24 * 60
    assert rows["nightly"]["then"]


def test_a_moved_schedule_runs_on_its_target(capsys):
    planned = plan_schedules([every(3600, "h")], {"t": Target.APSCHEDULER})
    moved = [replace(s, target=Target.APSCHEDULER, is_moved=True) for s in planned]
    print_timeline(moved, "text", NOW)
    assert "h  apscheduler   1  1" in capsys.readouterr().out.replace("h    ", "h  ")
