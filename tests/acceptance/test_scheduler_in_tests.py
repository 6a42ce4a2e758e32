"""What the generated package offers to the tests of the team that owns it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.acceptance.scheduler_project import (
    definition,
    entry,
    every,
    literal,
    planned,
    project,
)

THEIR_TEST = """
from datetime import UTC, datetime, timedelta

import pytest

from light_tasks.testing import run_now

SLOT = datetime(2027, 1, 1, 12, tzinfo=UTC)


def test_a_job_sees_its_slot(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    state = run_now("a", slot=SLOT)
    assert state.last_outcome == "success"
    assert state.last_slot == state.last_success == SLOT
    assert str(SLOT.timestamp()) in (tmp_path / "ledger").read_text()


def test_a_job_that_is_too_late(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    state = run_now("a", slot=SLOT, now=SLOT + timedelta(seconds=6))
    assert state.last_outcome == "expired"
    assert state.missed == 1
    assert not (tmp_path / "ledger").exists()


def test_what_a_job_raises(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    with pytest.raises(RuntimeError, match="as expected"):
        run_now("fails")


def test_an_unknown_entry_is_named():
    with pytest.raises(LookupError, match="no entry 'b'; there are: a"):
        run_now("b")
"""
# Their environment has what the package imports, and neither tool nor shim.
THEIR_CONFTEST = """
import sys

sys.modules["migrator"] = sys.modules["shim"] = None
"""
SPECS = {
    "ny": {"kind": "crontab", "minute": "*/20", "timezone": "America/New_York"},
    "night": {"kind": "crontab", "minute": 30, "hour": 2, "timezone": "Europe/Berlin"},
    "list": {"kind": "crontab", "minute": [0, 30], "day_of_week": "fri-mon"},
    "week": {"kind": "interval", "seconds": 604800, "relative": True},
    "local": {
        "kind": "interval",
        "seconds": 86400,
        "relative": True,
        "timezone": "Africa/Cairo",
    },
    "fine": {"kind": "interval", "seconds": 2.5},
    "last": {
        "kind": "interval",
        "seconds": 3600,
        "last_run_at": "2026-11-01T02:03:04.5+00:00",
    },
}


@pytest.fixture
def their_project(tmp_path):
    options = (literal("expires", 5),)
    entries = [every(5, "a", options=options)]
    entries += [entry(name, spec) for name, spec in SPECS.items()]
    five = {"kind": "interval", "seconds": 5}
    entries.append(entry("fails", five, task="shop.fail"))
    tasks = [
        planned(definition("shop.tick", "tick")),
        planned(definition("shop.fail", "fail")),
    ]
    with project(tmp_path, entries, tasks) as running:
        (running.folder / "conftest.py").write_text(THEIR_CONFTEST)
        yield running


def pytest_in(running, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = {
        name: value
        for name, value in running.environment.items()
        if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    return subprocess.run(
        [*command, *arguments],
        check=False,
        cwd=running.folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_test_utility_works_without_servers(their_project):
    (their_project.folder / "test_theirs.py").write_text(THEIR_TEST)
    done = pytest_in(their_project, "test_theirs.py")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_the_proof_is_repeated_in_their_repository(their_project):
    done = pytest_in(their_project, "light_tasks/test_schedules.py")
    assert done.returncode == 0, done.stdout
    assert f"{len(SPECS) + 2} passed" in done.stdout


def test_the_proof_fails_where_an_entry_is_wrong(their_project):
    """A test that cannot fail would prove nothing."""
    file = their_project.folder / "light_tasks/entries.py"
    text = file.read_text()
    assert 'hour="2"' in text
    file.write_text(text.replace('hour="2"', 'hour="3"'))
    done = pytest_in(their_project, "light_tasks/test_schedules.py")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "night" in done.stdout
