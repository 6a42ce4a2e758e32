"""Processes that are killed and stores that go away, with real schedulers."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

from tests.acceptance.scheduler_project import (
    assert_once,
    ended,
    every,
    project,
    seen,
    state_of,
)
from tests.servers import free_port, redis_server, wait_until


def test_killed_at_random_moments(tmp_path, redis_url):
    """No slot twice; the others go on; what the dead one had begun is not repeated."""
    rng = random.Random(7)
    entries = [every(0.5, "killed", 0.2)]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        survivor = running.scheduler()
        wait_until(seen(running, "killed", 2))
        first = running.slots("killed")[-1].at
        for _ in range(6):
            victim = running.scheduler()
            time.sleep(1.2 + rng.random())
            victim.send_signal(signal.SIGKILL)
            victim.wait(5)
        assert ended(survivor) == 0
        assert_once(running.slots("killed"), 0.5, first)
        begun, finished = len(running.notes("start")), len(running.notes("end"))
        assert 0 <= begun - finished <= 6


def test_redis_stops_and_starts_empty(tmp_path):
    """Nothing runs unclaimed; what is skipped is counted; no slot runs again."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    entries = [every(1, "outage")]
    with project(tmp_path, entries, REDIS_URL=url) as running:
        with redis_server(port):
            processes = [running.scheduler(), running.scheduler()]
            wait_until(seen(running, "outage", 3))
        stopped = time.time()
        time.sleep(5)
        during = [slot for slot in running.slots("outage") if slot.started > stopped]
        assert during == []
        state = state_of(running, "outage")
        assert state["missed"] >= 3
        assert state["last_outcome"] == "store-down"
        already = len(running.slots("outage"))
        with redis_server(port):
            wait_until(seen(running, "outage", already + 3), 30)
            for process in processes:
                assert ended(process) == 0
        counts = Counter(slot.at for slot in running.slots("outage"))
        assert set(counts.values()) == {1}
        state = state_of(running, "outage")
        steps = round(max(counts) - min(counts)) + 1
        assert steps == len(counts) + state["missed"]
