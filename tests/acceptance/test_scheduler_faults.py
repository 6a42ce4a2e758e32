"""Processes that are killed and stores that go away, with real schedulers."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

import pytest

from tests.acceptance.scheduler_project import (
    answer,
    ended,
    every,
    is_listening,
    project,
    seen,
    state_of,
)
from tests.acceptance.slot_tally import AGAIN, TASKS, started, tally, unfinished
from tests.servers import free_port, redis_server, wait_until


@pytest.mark.parametrize("claims", ["redis", "sqlite"])
def test_killed_at_random_moments(tmp_path, request, claims):
    """No slot twice, or, where the plan says so, none lost; the others go on."""
    stores = {"DEAD_AFTER": "4"}
    if claims == "redis":
        stores["REDIS_URL"] = request.getfixturevalue("redis_url")
    rng = random.Random(7)
    early, again = f"early-{claims}", f"again-{claims}"
    entries = [every(1, early, 0.5), every(1, again, 0.5, task=AGAIN)]
    with project(tmp_path, entries, TASKS, **stores) as running:
        survivor, *victims = started(running, [0.0] * 4)
        wait_until(seen(running, early, 2))
        for victim in victims:
            time.sleep(rng.uniform(0.3, 1.0))
            victim.kill()
            victim.wait()
        by_now = time.time()
        already = len(running.slots(early))
        wait_until(seen(running, early, already + 4))
        wait_until(lambda: not unfinished(running, by_now))
        assert ended(survivor, 60) == 0
        found = tally(running, prefix=early)
        assert (found.twice, found.lost) == (0, 0)
        died = [line for line in running.log(0).splitlines() if "died" in line]
        assert len(died) >= found.cut_short
        found = tally(running, prefix=again)
        assert found.lost == 0
        assert finished(running, again) == {slot.at for slot in running.slots(again)}


def finished(running, label):
    return {float(line[4]) for line in running.notes("end") if line[3] == label}


def test_redis_stops_and_starts_empty(tmp_path):
    """Unhealthy meanwhile; nothing runs unclaimed or twice; what is skipped counts."""
    port, web = free_port(), free_port()
    url = f"redis://127.0.0.1:{port}/0"
    entries = [every(1, "outage")]
    with project(tmp_path, entries, REDIS_URL=url) as running:
        with redis_server(port):
            processes = [running.scheduler(), running.scheduler()]
            running.run("-m", "uvicorn", "web:app", "--port", str(web))
            wait_until(seen(running, "outage", 3))
            wait_until(lambda: is_listening(web))
            assert answer(web)[0] == 200
        stopped = time.time()
        time.sleep(5)
        during = [slot for slot in running.slots("outage") if slot.started > stopped]
        assert during == []
        state = state_of(running, "outage")
        assert state["missed"] >= 3
        assert state["last_outcome"] == "store-down"
        assert answer(web)[0] == 503
        already = len(running.slots("outage"))
        with redis_server(port):
            wait_until(seen(running, "outage", already + 3))
            wait_until(lambda: answer(web)[0] == 200)
            for process in processes:
                assert ended(process, 60) == 0
        counts = Counter(slot.at for slot in running.slots("outage"))
        assert set(counts.values()) == {1}
        state = state_of(running, "outage")
        steps = round(max(counts) - min(counts)) + 1
        assert steps == len(counts) + state["missed"]


def test_replicas_that_stand_still(tmp_path, redis_url):
    """One make-up run, as after a downtime; what neither runs is counted, once."""
    entries = [every(0.5, "still")]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        replicas = [running.scheduler(), running.scheduler()]
        wait_until(lambda: len(running.notes("companion-entered")) == 2)
        wait_until(seen(running, "still", 4))
        for process in replicas:
            process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        already = len(running.slots("still"))
        for process in replicas:
            process.send_signal(signal.SIGCONT)
        wait_until(seen(running, "still", already + 1))
        before, made_up = running.slots("still")[already - 1 :][:2]
        assert made_up.at - before.at >= 4 * 0.5  # one run, of the latest slot
        wait_until(lambda: state_of(running, "still")["missed"] >= 4)
        assert [ended(process, 60) for process in replicas] == [0, 0]
        found = tally(running, period=0.5)
        assert (found.lost, found.twice, found.cut_short) == (0, 0, 0)
        assert state_of(running, "still")["missed"] == found.missed
