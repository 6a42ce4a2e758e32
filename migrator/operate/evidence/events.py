"""Celery's task events: JSON lines, or what `celery events --dump` prints.

`task-received` has the name, `task-succeeded` has the run time and no name: the two are
joined on the uuid. https://docs.celeryq.dev/en/stable/userguide/monitoring.html#events
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.operate.evidence.samples import Samples

# host [2026-01-31 08:00:00.123] task succeeded: name(uuid) args=... runtime=0.5, ...
DUMPED = re.compile(
    r"^\S+ \[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?)\] "
    r"task (?P<what>sent|received|started|succeeded|failed|retried|revoked|rejected):?"
    r" (?P<name>[\w.:/@-]+)\((?P<uuid>[0-9a-f-]{36})\)"
)
DUMPED_RUNTIME = re.compile(r"\bruntime=(\d+(?:\.\d+)?(?:e-?\d+)?)(?:,|$)")
ENDS = frozenset({"task-succeeded", "task-failed", "task-retried", "task-rejected"})
# A run whose end was never seen must not be remembered for ever.
MAX_OPEN_RUNS = 200_000


@dataclass(slots=True)
class _Run:
    name: str = ""
    started: float | None = None


@dataclass(slots=True)
class EventJoin:
    """Joins the events of each run; keeps names, times and outcomes only."""

    samples: Samples
    open_runs: dict[str, _Run] = field(default_factory=dict)
    taken: int = 0
    nameless: int = 0  # ends whose task-received was not recorded

    def take(self, event: Mapping[str, Any]) -> bool:
        """One event; False where it is none of a task's."""
        what, uuid = event.get("type"), event.get("uuid")
        if not isinstance(what, str) or not isinstance(uuid, str):
            return False
        if not what.startswith("task-"):
            return False
        moment = number(event.get("timestamp"))
        self.taken += 1
        self.samples.at(moment)
        run = self.open_runs.setdefault(uuid, _Run())
        if isinstance(name := event.get("name"), str) and name:
            run.name = name
        if what == "task-started":
            run.started = moment
        elif what in ENDS:
            self._end(what, uuid, moment, number(event.get("runtime")))
        self._forget_oldest()
        return True

    def _end(
        self, what: str, uuid: str, moment: float | None, runtime: float | None
    ) -> None:
        run = self.open_runs[uuid]
        if not run.name:
            self.nameless += 1
            return
        if what == "task-retried":
            if self.samples.is_new(f"{uuid}@{moment}", what):
                self.samples.retried(run.name)
            return
        del self.open_runs[uuid]
        if runtime is None and moment is not None and run.started is not None:
            runtime = max(0.0, moment - run.started)
        if self.samples.is_new(uuid, "end"):
            self.samples.finished(
                run.name, runtime, ended=moment, is_failure=what != "task-succeeded"
            )

    def _forget_oldest(self) -> None:
        while len(self.open_runs) > MAX_OPEN_RUNS:
            del self.open_runs[next(iter(self.open_runs))]


def read_events(lines: Iterable[str], samples: Samples) -> int:
    """Read JSON lines or dumped text; the number of lines that were task events."""
    join = EventJoin(samples)
    for line in lines:
        text = line.strip()
        if text.startswith("{"):
            event = _json(text)
            if not join.take(event) and "runtime" in event:
                _take_sample(event, samples, join)
        elif match := DUMPED.match(text):
            join.take(_dumped(match, text))
    return join.taken


def _json(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _dumped(match: re.Match[str], text: str) -> dict[str, Any]:
    # Taken from the end: an argument's text may hold anything, "runtime=" too.
    runtimes = DUMPED_RUNTIME.findall(text)
    moment = datetime.fromisoformat(match["time"])
    if moment.tzinfo is None:  # older versions dump no zone
        moment = moment.replace(tzinfo=UTC)
    return {
        "type": f"task-{match['what']}",
        "uuid": match["uuid"],
        "name": match["name"],
        "timestamp": moment.timestamp(),
        "runtime": float(runtimes[-1]) if runtimes else None,
    }


def _take_sample(event: Mapping[str, Any], samples: Samples, join: EventJoin) -> None:
    """A line of one's own sampler: task, runtime, and perhaps rss_growth, failed."""
    name = event.get("task") or event.get("name")
    runtime = number(event.get("runtime"))
    if not isinstance(name, str) or runtime is None:
        return
    join.taken += 1
    moment = number(event.get("timestamp"))
    samples.at(moment)
    samples.finished(
        name, runtime, ended=moment, is_failure=bool(event.get("failed", False))
    )
    if (growth := number(event.get("rss_growth"))) is not None:
        samples.grew(name, int(growth))


def number(value: Any) -> float | None:
    """A finite number that is no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None
