"""Single runs, gathered by task, and summed up."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from migrator.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class _Task:
    times: array[float] = field(default_factory=lambda: array("d"))
    spans: list[tuple[float, float]] = field(default_factory=list)
    runs: int = 0
    failures: int = 0
    retries: int = 0
    peak_rss_growth: int | None = None


@dataclass(slots=True)
class Samples:
    """Adds up runs of many files; a run that two of them tell of counts once."""

    source: str = ""
    tasks: dict[str, _Task] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None
    sources: dict[str, None] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def is_new(self, task_id: str, what: str) -> bool:
        """Whether this end of this run is seen for the first time."""
        if not task_id:
            return True
        key = (task_id, what)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def at(self, moment: float | None) -> None:
        """Something was observed at this time (seconds since 1970)."""
        if moment is None:
            return
        self.first = moment if self.first is None else min(self.first, moment)
        self.last = moment if self.last is None else max(self.last, moment)
        self.sources[self.source] = None

    def finished(
        self,
        name: str,
        seconds: float | None,
        *,
        ended: float | None = None,
        is_failure: bool = False,
    ) -> None:
        task = self.tasks.setdefault(name, _Task())
        self.sources[self.source] = None
        task.runs += 1
        task.failures += is_failure
        if seconds is not None:
            task.times.append(seconds)
            if ended is not None:
                task.spans.append((ended - seconds, ended))

    def retried(self, name: str) -> None:
        self.tasks.setdefault(name, _Task()).retries += 1

    def grew(self, name: str, size: int) -> None:
        task = self.tasks.setdefault(name, _Task())
        task.peak_rss_growth = max(size, task.peak_rss_growth or 0)

    def summary(self) -> tuple[Evidence, ...]:
        """Ordered by name. The window is that of the whole recording."""
        window = 0.0
        if self.first is not None and self.last is not None:
            window = self.last - self.first
        return tuple(
            self._evidence(name, task, window)
            for name, task in sorted(self.tasks.items())
        )

    def _evidence(self, name: str, task: _Task, window: float) -> Evidence:
        times = sorted(task.times)
        return Evidence(
            task=name,
            runs=task.runs,
            window=window,
            p50=percentile(times, 0.50),
            p95=percentile(times, 0.95),
            max=times[-1] if times else None,
            failures=task.failures,
            retries=task.retries,
            max_parallel=most_at_once(task.spans),
            peak_rss_growth=task.peak_rss_growth,
            sources=tuple(sorted(self.sources)),
        )


def percentile(ordered: list[float], share: float) -> float | None:
    """Nearest rank: a time that was really measured, never one in between."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def most_at_once(spans: Iterable[tuple[float, float]]) -> int | None:
    """How many of the spans overlap at most; touching ends do not."""
    changes = [(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans]
    if not changes:
        return None
    running = most = 0
    for _, change in sorted(changes):
        running += change
        most = max(most, running)
    return most
