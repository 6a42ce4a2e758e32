"""From a running beat to the scheduler and back, both up for a while: the ledger.

CUTOVER_SECONDS=600 makes each of the phases as long as that, by default 5.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from tests.acceptance.scheduler_project import ended, every, project

PHASE = float(os.environ.get("CUTOVER_SECONDS", "5"))
PERIOD = 2.0
SENT = re.compile(r"\[(\S+ \S+?),(\d+): .* slot (\S+) of cut-over is sent")

TASKS = '''
"""A task that notes its run, and whether the scheduler or a worker ran it."""

import os
import time

from celery import Celery

from light_tasks.runs import current_run

app = Celery("shop", broker=os.environ["BROKER_URL"])
app.conf.broker_connection_retry_on_startup = True


def note(kind, *facts):
    line = " ".join(map(str, (kind, time.time(), os.getpid(), *facts))) + "\\n"
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


@app.task(name="shop.tick")
def tick(label="", seconds=0.0):
    run = current_run()
    slot = "-" if run is None else run.slot.timestamp()
    note("ran", label, "worker" if run is None else "scheduler", slot)
'''
# The release before: its beat still has the entry.
BEFORE = f"""
from shop.tasks import app

app.conf.beat_schedule = {{
    "cut-over": {{"task": "shop.tick", "schedule": {PERIOD}, "args": ("cut-over",)}}
}}
"""


@pytest.mark.parametrize("claims", ["redis", "sqlite"])
def test_no_slot_is_lost_and_none_runs_twice(tmp_path, redis_url, claims):
    stores = {"BROKER_URL": redis_url}
    if claims == "redis":
        stores["REDIS_URL"] = redis_url
    with project(tmp_path, [every(PERIOD, "cut-over")], **stores) as running:
        (running.folder / "shop" / "tasks.py").write_text(TASKS)
        (running.folder / "shop" / "before.py").write_text(BEFORE)
        running.environment["PYTHONPATH"] = str(Path.cwd())
        worker = celery(running, "worker", "--pool=solo", "--loglevel=warning")
        beat = started_beat(running)
        more(running, "worker")
        scheduler = running.scheduler()
        more(running, "scheduler")
        time.sleep(PHASE)  # both up
        assert ended(beat) == 0
        more(running, "scheduler")
        time.sleep(PHASE)
        beat = started_beat(running)
        number = len(running.processes) - 1
        until(running, lambda: "of cut-over" in running.log(number))
        time.sleep(PHASE)  # both up
        assert ended(scheduler) == 0
        more(running, "worker")  # beat alone again
        ended(beat)
        sent = len(sent_by_beat(running))
        until(running, lambda: ran(running, "worker") == sent)
        ended(worker)
        balance(running)


def celery(running, *arguments):
    return running.run("-m", "celery", "-A", "shop.before", *arguments)


def started_beat(running):
    # Away from the ends of a slot, where the process may take a moment to start.
    time.sleep(PERIOD - time.time() % PERIOD + 0.2)
    number = len(running.processes)
    return celery(
        running,
        "beat",
        "--loglevel=info",
        "--scheduler=shim.beat:ClaimingScheduler",
        f"--schedule={running.folder}/beat-state",
        f"--pidfile={running.folder}/beat-{number}.pid",
    )


def more(running, side, count=2):
    """Wait until a side has run so many times more."""
    wanted = ran(running, side) + count
    until(running, lambda: ran(running, side) >= wanted)


def ran(running, side):
    return sum(note[4] == side for note in running.notes("ran"))


def sent_by_beat(running):
    """(date and time, milliseconds, slot) of each line of beat's that says so."""
    logs = "".join(running.log(number) for number in range(len(running.processes)))
    return SENT.findall(logs)


def until(running, condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, [
            running.log(n) for n in range(len(running.processes))
        ]
        time.sleep(0.1)


def balance(running):
    """Each slot between the first and the last one ran once, whoever ran it.

    A scheduler's run knows its slot; beat's log has those that it sent to the worker.
    """
    runs = running.notes("ran")
    by_scheduler = [float(run[5]) for run in runs if run[4] == "scheduler"]
    sent = {
        datetime.fromisoformat(slot).timestamp(): moment(at, part)
        for at, part, slot in sent_by_beat(running)
    }
    by_beat = [
        datetime.fromisoformat(slot).timestamp() for *_, slot in sent_by_beat(running)
    ]
    assert len(by_beat) == len(runs) - len(by_scheduler) > 0
    counts = Counter(by_scheduler + by_beat)
    twice = {slot: n for slot, n in counts.items() if n > 1}
    assert not twice, (twice, runs)
    steps = round((max(counts) - min(counts)) / PERIOD) + 1
    first = min(counts)
    missing = {first + n * PERIOD for n in range(steps)} - counts.keys()
    lost = [slot for slot in missing if not slid_over(slot, sent)]
    assert not lost, (lost, sorted(counts), runs)
    assert by_scheduler


def moment(at, part):
    """When a line of beat's log was written."""
    return datetime.fromisoformat(f"{at}.{part}").astimezone().timestamp()


def slid_over(slot, sent):
    """Beat's own runs come later and later on a busy machine, here past a step's end.

    It sent the one before and the one after, no more than an interval apart.
    """
    before, after = sent.get(slot - PERIOD), sent.get(slot + PERIOD)
    return before is not None and after is not None and after - before < 1.5 * PERIOD
