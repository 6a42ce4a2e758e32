"""A route that is set in the outbox reaches every process in time."""

from __future__ import annotations

import time

import pytest

from tests.servers import wait_until


@pytest.mark.parametrize("project", ["sqlite", "broker"], indirect=True)
def test_a_route_is_effective_in_every_process_within_five_seconds(project):
    code = """
import time, new
begun = time.time()
while time.time() < begun + 11:
    new.mail.delay(int(time.time() * 1000))
    time.sleep(0.1)
"""
    with project.worker("new"), project.runner():
        callers = [project.python(code) for _ in range(2)]
        wait_until(lambda: len(project.runs()) > 20, timeout=20)
        changed = time.time()
        project.command("route", "mail", "--to", "celery")
        answered = time.time()
        assert [caller.wait(30) for caller in callers] == [0, 0]
        wait_until(lambda: project.command("status")["mail"]["waiting"] == 0)
        time.sleep(1.0)
    late = {
        place
        for _, milliseconds, place in project.lines()
        if int(milliseconds) / 1000 > answered + 5
    }
    before = {
        place
        for _, milliseconds, place in project.lines()
        if int(milliseconds) / 1000 < changed
    }
    assert before == {"runner"}
    assert late == {"worker-new"}
