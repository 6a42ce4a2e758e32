"""What became of every slot: run once, counted as missed, lost, or run twice."""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from tests.acceptance.scheduler_project import definition, every, planned
from tests.servers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from subprocess import Popen

    from migrator.model import ScheduleEntry
    from tests.acceptance.scheduler_project import Project

# Seconds: a millisecond to three seconds. One entry of each, per second.
BODIES = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 3.0)
AGAIN = "shop.again"
TASKS = (
    planned(definition("shop.tick", "tick")),
    planned(definition(AGAIN, "again"), may_run_again=True),
)
# Of the clocks of one, two and five replicas: up to two seconds apart.
OFFSETS = {1: (0.0,), 2: (-1.0, 1.0), 5: (-1.0, -0.3, 0.0, 0.6, 1.0)}
# What a process leaves out is counted later, unless it is killed before.
MISSED = re.compile(r"(?:missed|left out) (\d+) of ")


@dataclass(frozen=True, slots=True)
class Tally:
    """Slots of some entries over the same time."""

    slots: int
    once: int
    missed: int  # did not run, and the scheduler's log says so
    lost_slots: tuple[tuple[str, float], ...]  # did not run, and nothing says so
    twice: int
    cut_short: int  # began and did not end

    @property
    def lost(self) -> int:
        return len(self.lost_slots)


def entries(
    prefix: str, bodies: Sequence[float] = BODIES, task: str = "shop.tick"
) -> list[ScheduleEntry]:
    return [every(1, f"{prefix}-{body}", body, task=task) for body in bodies]


def started(running: Project, offsets: Sequence[float]) -> list[Popen[bytes]]:
    """A replica for each clock; returns when all of them run."""
    before = len(running.notes("companion-entered"))
    replicas = [running.skewed(offset) for offset in offsets]
    everybody = before + len(replicas)
    wait_until(lambda: len(running.notes("companion-entered")) >= everybody, 120)
    return replicas


def stopped(replicas: Sequence[Popen[bytes]]) -> list[int]:
    """The exit codes after SIGTERM to all of them at once."""
    for process in replicas:
        process.send_signal(signal.SIGTERM)
    return [process.wait(60) for process in replicas]


def tally(
    running: Project,
    *,
    prefix: str = "",
    period: float = 1.0,
    since: float = 0.0,
) -> Tally:
    """Of every entry, between the first and the last slot that ran after `since`.

    `prefix`: of the entries whose labels begin with it.
    """
    missed = set(_missed(running, period))
    runs: dict[str, Counter[float]] = {}
    begun = [line for line in running.notes("start") if line[3].startswith(prefix)]
    ended = [line for line in running.notes("end") if line[3].startswith(prefix)]
    for line in begun:
        runs.setdefault(line[3], Counter())[float(line[4])] += 1
    total: Counter[str] = Counter()
    lost: list[tuple[str, float]] = []
    for entry, counts in runs.items():
        due = [at for at in counts if at >= since]
        steps = round((max(due) - min(due)) / period) + 1
        for slot in (round(min(due) + step * period, 3) for step in range(steps)):
            times = counts[slot]
            if times:
                total["once" if times == 1 else "twice"] += 1
            elif (entry, slot) in missed:
                total["missed"] += 1
            else:
                lost.append((entry, slot))
    return Tally(
        slots=total.total() + len(lost),
        once=total["once"],
        missed=total["missed"],
        lost_slots=tuple(lost),
        twice=total["twice"],
        cut_short=len(begun) - len(ended),
    )


def _missed(running: Project, period: float) -> Iterator[tuple[str, float]]:
    for number in range(len(running.processes)):
        for written in running.log(number).splitlines():
            if found := MISSED.search(written):
                line = json.loads(written)
                # After a downtime it is a moment before the slot that is made up for.
                last = datetime.fromisoformat(line["slot"]).timestamp() // period
                for step in range(int(found[1])):
                    yield line["job"], round((last - step) * period, 3)


def observed(running: Project, runs: int, limit: float = 600) -> None:
    """Return when so many runs have begun since the project was made."""
    deadline = time.monotonic() + limit
    while len(running.notes("start")) < runs:
        assert time.monotonic() < deadline, f"not {runs} runs within {limit} s"
        time.sleep(0.5)


def unfinished(running: Project, before: float) -> int:
    """Runs of slots before this moment that have not ended, or not yet again."""
    engine = create_engine(running.environment["DATABASE_URL"])
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT slot FROM light_tasks_unfinished")).all()
    engine.dispose()
    return sum(datetime.fromisoformat(row.slot).timestamp() < before for row in rows)
