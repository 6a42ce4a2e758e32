"""When each schedule runs on one day; a band where its runs are too close to draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from migrator.schedules import convert, timeline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from migrator.model import ScheduleEntry

DAY = timedelta(days=1)
# Runs closer than this stand as a band: they could not be told apart.
DENSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Fires:
    """The runs of one entry within a day, in UTC."""

    entry: ScheduleEntry
    at: tuple[datetime, ...] = ()
    every: timedelta | None = None  # dense: it runs all day long in this step
    next_run: datetime | None = None  # the first one after the start of the day
    unknown: str = ""  # why its runs are not known

    @property
    def count(self) -> int:
        return int(DAY / self.every) if self.every else len(self.at)


def fires_of(entries: Sequence[ScheduleEntry], start: datetime) -> tuple[Fires, ...]:
    """For each entry its runs in the 24 hours from `start` (an aware datetime)."""
    seen: dict[str, Fires] = {}
    found = []
    for entry in entries:
        key = repr(entry.spec)
        if key not in seen:
            seen[key] = _fires(entry, start.astimezone(UTC))
        known = seen[key]
        found.append(
            Fires(entry, known.at, known.every, known.next_run, _why(entry, known))
        )
    return tuple(found)


def _why(entry: ScheduleEntry, fires: Fires) -> str:
    if entry.spec is None:
        return entry.unreadable or "its schedule could not be read"
    return fires.unknown


def _fires(entry: ScheduleEntry, start: datetime) -> Fires:
    if entry.spec is None:
        return Fires(entry)
    interval = convert(entry.spec).interval
    if interval is not None and interval.every < DENSE:
        return Fires(entry, every=interval.every)
    (row,) = timeline([entry], start=start)
    first = row.fires[0] if row.fires else row.then
    return Fires(entry, row.fires, next_run=first, unknown=row.unknown)


def local_midnight(now: datetime, zone: tzinfo) -> datetime:
    """The start of the day that `now` lies in, as people of the zone see it."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
