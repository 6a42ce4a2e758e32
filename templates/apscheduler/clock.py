"""When things are due: wall times of a zone, or a grid of elapsed time.

Without dependencies, so that a worker can ask it whether a scheduled time is one of
ours. The file is yours to change; the hash of a changed schedule makes the scheduler
compute its next run anew.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_WAIT = timedelta(days=366 * 41)  # 29 February on a given weekday, near 2100
# Longer than clocks are moved, and than the distance of two changes is short.
LOOK_BACK = timedelta(hours=30)
TICK = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


class WallClock:
    """The next matching wall time after the previous run, as Celery beat counts.

    A wall time that the clocks skip is moved on by the shift and so runs once; one
    that they repeat runs the first time. A field is "*" or numbers (weekdays: names)
    separated by commas; all of them must match.
    """

    def __init__(
        self,
        *,
        timezone: str,
        minute: str = "*",
        hour: str = "*",
        day: str = "*",
        month: str = "*",
        day_of_week: str = "*",
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.times = [
            time(h, m) for h in _numbers(hour, 0, 23) for m in _numbers(minute, 0, 59)
        ]
        self._moments = frozenset(self.times)
        self.days = frozenset(_numbers(day, 1, 31))
        self.months = frozenset(_numbers(month, 1, 12))
        self.weekdays = frozenset(_weekdays(day_of_week))

    def next_after(self, previous: datetime) -> datetime | None:
        """The run that follows a run at `previous`, in UTC; None: there is none."""
        wall = previous.astimezone(self.zone)
        found = self._next_wall_time(wall.replace(tzinfo=None))
        if found is None:
            return None
        local = found.replace(tzinfo=self.zone, fold=wall.fold)
        return local.astimezone(UTC)

    def includes(self, instant: datetime) -> bool:
        """Whether a run is due at exactly this time."""
        change = self._last_change(instant)
        if change is None:
            wall = instant.astimezone(self.zone)
            moment = wall.time().replace(fold=0)
            return moment in self._moments and self._matches(wall.date())
        # A time that was moved on, or that repeats, is known by the runs before it.
        run = self.next_after(change - TICK)
        while run is not None and run < instant:
            run = self.next_after(run)
        return run == instant

    def _last_change(self, instant: datetime) -> datetime | None:
        """When the clocks were changed, while that still moves or repeats times."""
        left, right = instant - LOOK_BACK, instant
        shift = abs(self._offset(right) - self._offset(left))
        if not shift:
            return None
        before = self._offset(left)
        while right - left > SECOND:
            middle = left + (right - left) / 2
            if self._offset(middle) == before:
                left = middle
            else:
                right = middle
        change = right.replace(microsecond=0)
        return None if instant - change >= shift else change

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).utcoffset() or timedelta(0)

    def _next_wall_time(self, after: datetime) -> datetime | None:
        day = after.date()
        if self._matches(day):
            following = bisect_right(self.times, after.time())
            if following < len(self.times):
                return datetime.combine(day, self.times[following])
        last = day + LONGEST_WAIT
        while day < last:
            day += timedelta(days=1)
            if self._matches(day):
                return datetime.combine(day, self.times[0])
        return None

    def _matches(self, day: date) -> bool:
        return (
            day.day in self.days
            and day.month in self.months
            and day.weekday() in self.weekdays
        )


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Every `seconds` of elapsed time, counted from `start_date`."""

    seconds: float
    start_date: datetime

    def includes(self, instant: datetime) -> bool:
        """Whether a run is due at exactly this time."""
        elapsed = instant - self.start_date
        return not elapsed % timedelta(seconds=self.seconds)


def _numbers(text: str, lowest: int, highest: int) -> list[int]:
    if text == "*":
        return list(range(lowest, highest + 1))
    return sorted({int(part) for part in text.split(",")})


def _weekdays(text: str) -> list[int]:
    if text == "*":
        return list(range(7))
    return [WEEKDAYS.index(part) for part in text.split(",")]
