"""What runs when in the coming hours, as data for terminal and HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from migrator.model import ScheduleEntry
from migrator.schedules.celery_clock import CeleryClock, OracleError
from migrator.schedules.conversion import APSCHEDULER, Conversion, convert
from migrator.schedules.proof import next_fires

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import PlannedSchedule

MOST = 2_000


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One entry. Times are UTC, as many as were asked for; `is_dense`: there are more.

    `unknown` says why there are none, where the schedule cannot be computed. `then` is
    the first run after the period; None: none is known.
    """

    entry: str
    task: str
    target: str
    fires: tuple[datetime, ...]
    is_dense: bool = False
    unknown: str = ""
    then: datetime | None = None


def timeline(
    schedules: Sequence[PlannedSchedule | ScheduleEntry],
    *,
    start: datetime | None = None,
    hours: float = 24,
    most: int = MOST,
) -> tuple[TimelineRow, ...]:
    """Fire times in [start, start + hours), by default from the full hour on.

    At most `most` per entry. Entries that stay on beat are included.
    """
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begin = (start or now).astimezone(UTC)
    end = begin + timedelta(hours=hours)
    return tuple(_row(schedule, begin, end, most) for schedule in schedules)


def _row(
    schedule: PlannedSchedule | ScheduleEntry, begin: datetime, end: datetime, most: int
) -> TimelineRow:
    if isinstance(schedule, ScheduleEntry):
        entry, target = schedule, "celery"
    else:
        entry, target = schedule.entry, str(schedule.target)
    if entry.spec is None:
        reason = entry.unreadable or "not readable"
        return TimelineRow(entry.name, entry.task, target, (), unknown=reason)
    conversion = convert(entry.spec)
    fires: list[datetime] = []
    then: datetime | None = None
    try:
        for fire in _fires(conversion, begin, most + 1):
            if fire >= end:
                then = fire
                break
            fires.append(fire)
    except (OracleError, ValueError, TypeError, KeyError) as error:
        reason = conversion.refusal.get(APSCHEDULER) or str(error)
        return TimelineRow(entry.name, entry.task, target, (), unknown=reason)
    is_dense = len(fires) > most
    shown = tuple(fires[:most])
    return TimelineRow(
        entry.name, entry.task, target, shown, is_dense=is_dense, then=then
    )


def _fires(conversion: Conversion, begin: datetime, count: int) -> Iterator[datetime]:
    before = begin - timedelta(microseconds=1)
    if APSCHEDULER not in conversion.refusal:
        yield from next_fires(conversion.apscheduler_trigger(), before, count)
        return
    clock = CeleryClock(conversion.spec, conversion.zone)
    last = before
    for _ in range(count):
        last = clock.next_after(last)
        yield last
