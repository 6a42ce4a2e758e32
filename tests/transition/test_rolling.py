"""Old and new releases side by side: every call runs once."""

from __future__ import annotations

import time

from tests.servers import wait_until
from tests.transition.project import CALLS, expected


def test_a_rolling_deploy_runs_every_call_once(project):
    """Web processes and workers of both releases, and the runner of the new one."""
    with project.worker("old"), project.worker("new"), project.runner():
        callers = [
            project.python(CALLS.format(release=release, first=first))
            for release, first in (("old", 0), ("new", 20), ("old", 40), ("new", 60))
        ]
        assert [caller.wait(30) for caller in callers] == [0, 0, 0, 0]
        wanted = sorted(call for first in (0, 20, 40, 60) for call in expected(first))
        wait_until(lambda: len(project.runs()) >= len(wanted), timeout=30)
        time.sleep(1.0)
    assert project.runs() == wanted
    places = {(task, place) for task, _, place in project.lines()}
    assert ("mail", "runner") in places
    assert {place for task, place in places if task == "crunch"} <= {
        "worker-old",
        "worker-new",
    }
