"""The way back to Celery, and what is still on its way there."""

from __future__ import annotations

import time

import pytest

from tests.servers import wait_until
from tests.transition.project import CALLS, expected


def test_what_waits_is_handed_to_celery_and_runs_once(project):
    caller = project.python(CALLS.format(release="new", first=0))
    assert caller.wait(30) == 0
    before = project.command("status")
    assert before["mail"]["waiting"] + before["mail"]["delayed"] == 24
    for task in ("mail", "report"):
        answer = project.command("route", task, "--to", "celery", "--drain")
        assert answer["handed_over"] == {"mail": 24, "report": 5}[task]
    with project.worker("new"):
        wanted = sorted(expected(0))
        wait_until(lambda: len(project.runs()) >= len(wanted), timeout=30)
        time.sleep(0.5)
    assert project.runs() == wanted
    assert project.command("status")["mail"]["waiting"] == 0


@pytest.mark.parametrize("project", ["broker"], indirect=True)
def test_a_celery_worker_can_read_the_queue_of_the_broker_outbox(project):
    caller = project.python(CALLS.format(release="new", first=0))
    assert caller.wait(30) == 0
    with project.worker("old", queues="light,celery"):
        wait_until(lambda: len(project.runs()) >= 30, timeout=30)
    assert [run for run in project.runs() if run[1] < 1000] == [
        run for run in sorted(expected(0)) if run[1] < 1000
    ]


@pytest.mark.parametrize("project", ["sqlite"], indirect=True)
def test_what_is_in_flight_is_counted_exactly(project):
    """Queued, prefetched, running, retried and ETA messages, of all priorities."""
    code = """
import old, time
old.grind.delay(60)
for number in range(7):
    old.mail.apply_async((number,), countdown=600)
    old.report.apply_async((number,), countdown=700, priority=6)
for number in range(5):
    old.crunch.apply_async((number,), {"wait": 60})
time.sleep(3)
for priority in (0, 3, 6, 9):
    old.mail.apply_async((100,), priority=priority, queue="later")
old.app.send_task("gone", queue="later")
"""
    with project.worker("old"):
        caller = project.python(code)
        wait_until(lambda: len(project.runs()) == 2, timeout=30)
        assert caller.wait(30) == 0
        found = project.command("drain", "--queue", "later")
    tasks = found["tasks"]
    assert found["workers_silent"] is False
    assert found["unreadable"] == 0
    assert tasks["mail"]["left"] == 11
    assert (tasks["mail"]["queued"], tasks["mail"]["unacknowledged"]) == (4, 7)
    assert tasks["mail"]["scheduled"] == 7
    assert tasks["report"]["left"] == 7
    assert tasks["crunch"]["left"] == 5
    assert tasks["crunch"]["active"] == 1
    # It was acknowledged when it began: only its worker knows about it.
    assert (tasks["grind"]["queued"], tasks["grind"]["unacknowledged"]) == (0, 0)
    assert (tasks["grind"]["active"], tasks["grind"]["left"]) == (1, 1)
    assert tasks["gone"]["queued"] == 1
