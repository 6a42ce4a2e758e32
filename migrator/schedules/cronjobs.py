"""Simulates what a set of CronJobs runs, guard included, behind a trigger's face."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.schedules.cron_rules import CronRule

if TYPE_CHECKING:
    from datetime import datetime

    from migrator.schedules.conversion import Conversion
    from migrator.schedules.kubernetes import KubernetesSchedule


class CronJobs:
    """Answers as an APScheduler trigger does, up to `until`, with None afterwards.

    `starts` counts the started jobs, those included that the guard sends away.
    """

    def __init__(self, schedule: KubernetesSchedule, until: datetime) -> None:
        self._until = until
        self._rules = [CronRule(text, schedule.zone) for text in schedule.cron]
        self._guard = None if schedule.guard is None else schedule.guard.build()
        self._coming: dict[int, datetime | None] = {}
        self._reached: datetime | None = None
        self.starts = 0

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        after = previous_fire_time or now
        while (start := self._next_start(after)) is not None and start < self._until:
            self.starts += 1
            if self._guard is None or self._guard.includes(start):
                return start
            after = start
        return None

    def _next_start(self, after: datetime) -> datetime | None:
        if self._reached is None or after < self._reached:
            self._coming = {}
        self._reached = after
        for index, rule in enumerate(self._rules):
            known = self._coming.get(index, after)
            if known is not None and known <= after:
                self._coming[index] = rule.next_after(after)
        starts = [start for start in self._coming.values() if start is not None]
        return min(starts, default=None)


def on_whole_minutes(conversion: Conversion) -> Conversion:
    """The same conversion, with its interval moved back to whole minutes."""
    interval = conversion.interval
    if interval is None or conversion.fields is not None:
        return conversion
    anchor = interval.anchor.replace(second=0, microsecond=0)
    return replace(conversion, interval=replace(interval, anchor=anchor))
