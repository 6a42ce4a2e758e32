"""What a restart makes up for, keeps, and takes over from changed code."""

from __future__ import annotations

import signal
import time
from collections import Counter

from sqlalchemy import create_engine, text

from tests.acceptance.scheduler_project import ended, every, project, seen, state_of
from tests.servers import wait_until


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


def test_slots_that_a_later_one_has_overtaken_are_counted(tmp_path, redis_url):
    """Their process was killed while they waited for a thread; the later one ran."""
    with project(tmp_path, [every(1, "behind")], REDIS_URL=redis_url) as running:
        process = running.scheduler()
        wait_until(seen(running, "behind", 2))
        assert ended(process) == 0
        first = running.slots("behind")[0].at
        set_back(running, "behind", first - 3)  # the first that nobody is known to have
        already = len(running.slots("behind"))
        process = running.scheduler()
        wait_until(seen(running, "behind", already + 2))

        def all_are_accounted_for():
            ran = {slot.at for slot in running.slots("behind")}
            of_all = round(max(ran) - first) + 1 + 3
            return state_of(running, "behind")["missed"] == of_all - len(ran)

        wait_until(all_are_accounted_for)
        assert ended(process) == 0
        ran = Counter(slot.at for slot in running.slots("behind"))
        assert set(ran.values()) == {1}


def set_back(running, job, moment):
    engine = create_engine(running.environment["DATABASE_URL"])
    change = text("UPDATE light_tasks_jobs SET next_run_time = :moment WHERE id = :job")
    with engine.begin() as connection:
        done = connection.execute(change, {"moment": moment, "job": job})
        assert done.rowcount == 1
    engine.dispose()


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
