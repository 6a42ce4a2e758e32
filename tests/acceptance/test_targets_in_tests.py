"""What the packages of endpoints and CronJobs offer to the tests of their team."""

from __future__ import annotations

import subprocess
import sys

from tests.acceptance.background_project import site
from tests.acceptance.cronjob_project import cluster

OF_CALLS = """
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from light_tasks.testing_calls import call_now

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


def test_a_call_runs_at_the_given_time(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    for _ in range(2):  # each has records of its own: no duplicate
        record = call_now("shop.clean", {"label": "now"}, now=NOW)
        assert (record.status, record.error) == ("done", None)
        assert record.created_at == record.ended_at == NOW.timestamp()
    assert (tmp_path / "ledger").read_text().count('"now"') == 4


def test_what_a_task_raises(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    with pytest.raises(RuntimeError, match="secret details"):
        call_now("shop.fail")


def test_a_body_that_a_client_could_not_send():
    with pytest.raises(ValidationError):
        call_now("shop.clean", {"lable": "x"})


def test_an_unknown_task_is_named():
    with pytest.raises(LookupError, match="no endpoint of a task 'x'; there are: "):
        call_now("x")
"""
OF_WORKERS = """
from datetime import UTC, datetime, timedelta

import pytest

from light_tasks.testing_workers import run_worker

SLOT = datetime(2027, 1, 1, 3, 30, tzinfo=UTC)
HOUR = datetime(2027, 1, 1, 4, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger"))
    return tmp_path / "ledger"


def test_a_worker_sees_its_slot(ledger):
    state = run_worker("clean up; nightly", {"label": "nightly"}, slot=SLOT)
    assert (state.last_outcome, state.last_slot) == ("success", SLOT)
    assert '"start", "nightly", "2027-01-01T03:30:00+00:00"' in ledger.read_text()


def test_a_start_that_is_too_late(ledger):
    state = run_worker("clean up; nightly", slot=SLOT, now=SLOT + timedelta(hours=3))
    assert (state.last_outcome, state.missed) == ("expired", 1)
    assert not ledger.exists()


def test_a_slot_that_is_not_due(ledger):
    state = run_worker("fails", slot=SLOT)  # every full hour
    assert state.last_outcome is None
    assert not ledger.exists()


def test_a_worker_that_awaits(ledger):
    assert run_worker("asynchronous", slot=HOUR).last_outcome == "success"


def test_what_a_task_raises(ledger):
    with pytest.raises(RuntimeError, match="as expected"):
        run_worker("fails", slot=HOUR)


def test_an_unknown_entry_is_named():
    with pytest.raises(LookupError, match="no entry 'x'; there are: "):
        run_worker("x")
"""


def passes(running, tests):
    (running.folder / "test_theirs.py").write_text(tests)
    without = {"DATABASE_URL", "REDIS_URL"}
    environment = {k: v for k, v in running.environment.items() if k not in without}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        check=False,
        cwd=running.folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_call_can_be_tested_without_servers(tmp_path):
    assert "4 passed" in passes(site(tmp_path), OF_CALLS)


def test_a_worker_can_be_tested_without_servers(tmp_path):
    assert "6 passed" in passes(cluster(tmp_path), OF_WORKERS)
