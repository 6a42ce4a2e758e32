"""What goes wrong in production, done to real scheduler processes."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

import pytest
from sqlalchemy import create_engine, text

from tests.acceptance.scheduler_project import every, project
from tests.servers import free_port, redis_server, wait_until

# Seconds of eight entries that run every second: SLOT_SECONDS=130 makes 1,000 slots.
OBSERVED = float(os.environ.get("SLOT_SECONDS", "12"))


def state_of(running, entry):
    engine = create_engine(running.environment["DATABASE_URL"])
    with engine.connect() as connection:
        query = text("SELECT * FROM light_tasks_state WHERE entry = :entry")
        row = connection.execute(query, {"entry": entry}).mappings().one()
    engine.dispose()
    return row


def ended(process, timeout=15):
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout)


def seen(running, label, count):
    return lambda: len(running.slots(label)) >= count


def assert_once(slots, period, since=0.0):
    counts = Counter(slot.at for slot in slots if slot.at >= since)
    assert set(counts.values()) == {1}, {at: n for at, n in counts.items() if n > 1}
    steps = round((max(counts) - min(counts)) / period) + 1
    missing = steps - len(counts)
    assert missing == 0, f"{missing} of {steps} slots did not run"
    return len(counts)


@pytest.mark.parametrize(
    ("offsets", "store"),
    [
        ((0.0,), "redis"),
        ((-1.0, 1.0), "redis"),
        ((-1.0, -0.3, 0.0, 0.6, 1.0), "redis"),
        ((-1.0, 1.0), "postgres"),
    ],
    ids=["1-redis", "2-redis", "5-redis", "2-postgres"],
)
def test_wrong_clocks(tmp_path, redis_url, postgres_url, offsets, store):
    """Clocks up to two seconds apart, jobs of a millisecond to three seconds."""
    bodies = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 3.0)
    name = f"{len(offsets)}-{store}"
    entries = [every(1, f"{name}-{body}", body) for body in bodies]
    stores = {"REDIS_URL": redis_url} if store == "redis" else {}
    if store == "postgres":
        stores["DATABASE_URL"] = postgres_url
    with project(tmp_path, entries, **stores) as running:
        processes = [running.skewed(offset) for offset in offsets]
        wait_until(lambda: len(running.notes("companion-entered")) == len(offsets), 30)
        time.sleep(3)
        everybody_is_up = time.time() + 2
        time.sleep(OBSERVED)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(15)
        for body in bodies:
            slots = running.slots(f"{name}-{body}")
            assert assert_once(slots, 1, everybody_is_up) >= OBSERVED - 3


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


def test_killed_alone(tmp_path, redis_url):
    """After each death the latest missed slot is made up for, and none runs twice."""
    entries = [every(2, "alone", 0.1)]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        for round_number in range(3):
            already = len(running.slots("alone"))
            process = running.scheduler()
            wait_until(seen(running, "alone", already + 2))
            process.send_signal(signal.SIGKILL)
            process.wait(5)
            if round_number < 2:
                time.sleep(4.5)
        slots = running.slots("alone")
        counts = Counter(slot.at for slot in slots)
        assert set(counts.values()) == {1}
        late = [slot for slot in slots if slot.started - slot.at > 1]
        assert len(late) <= 2  # at most one make-up run per downtime


def test_down_over_several_slots(tmp_path, redis_url):
    """One make-up run, as beat does, and the interval keeps its phase."""
    entries = [every(2, "down")]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        process = running.scheduler()
        wait_until(seen(running, "down", 2))
        assert ended(process) == 0
        before = len(running.slots("down"))
        last = running.slots("down")[-1].at
        time.sleep(9)
        process = running.scheduler()
        wait_until(seen(running, "down", before + 3))
        assert ended(process) == 0
        slots = running.slots("down")
        assert {slot.at % 2 for slot in slots} == {last % 2}
        after = [slot.at for slot in slots[before:]]
        made_up = slots[before]
        assert made_up.at <= made_up.started < made_up.at + 2  # the latest one
        assert after == [made_up.at + 2 * step for step in range(len(after))]
        passed = round((made_up.at - last) / 2) - 1
        assert passed >= 3
        assert state_of(running, "down")["missed"] == passed


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


def test_entries_follow_the_code(tmp_path, redis_url):
    """New ones are added, changed ones changed, gone ones removed, others kept."""
    entries = [every(1, "stays"), every(1, "goes"), every(3600, "changes")]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        process = running.scheduler()
        wait_until(seen(running, "goes", 1))
        assert ended(process) == 0
        add_foreign_job(running)
        running.redefine([every(1, "stays"), every(1, "changes"), every(1, "comes")])
        gone = len(running.slots("goes"))
        process = running.scheduler()
        for label in ("changes", "comes", "stays"):
            wait_until(seen(running, label, 2))
        wait_until(lambda: len(running.slots("foreign")) >= 2)
        assert ended(process) == 0
        assert len(running.slots("goes")) == gone
        assert set(stored_jobs(running)) == {"stays", "changes", "comes", "foreign"}


FOREIGN = """
import asyncio

from light_tasks.scheduler import create_scheduler


async def main():
    scheduler = create_scheduler()
    scheduler.start(paused=True)
    tick = "shop.tasks:tick"  # APScheduler finds no name for a proxy
    scheduler.add_job(tick, "interval", seconds=1, args=["foreign"], id="foreign")
    await scheduler.stop(1)

asyncio.run(main())
"""


def add_foreign_job(running):
    (running.folder / "foreign.py").write_text(FOREIGN)
    assert running.run("foreign.py").wait(20) == 0


def stored_jobs(running):
    engine = create_engine(running.environment["DATABASE_URL"])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id FROM light_tasks_jobs")).scalars()
        found = list(rows)
    engine.dispose()
    return found
