"""A cron trigger that follows the clock on the wall the way Celery beat does.

APScheduler's own CronTrigger loses runs between 00:00 and 00:59 after the clocks
went forward and repeats runs when they go back. This one takes the next matching
wall time after the previous run, so a skipped time runs once, moved on by the
shift, and a repeated time runs once. This file is yours to change; the hash of a
changed trigger makes the scheduler compute its next run anew.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_WAIT = timedelta(days=366 * 41)  # 29 February on a given weekday, near 2100


class WallClockTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler is untyped
    """Fires at the wall times of `timezone` that match every field.

    A field is "*" or numbers (weekdays: names) separated by commas.
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
        self.fields = (minute, hour, day, month, day_of_week)
        self.zone = ZoneInfo(timezone)
        self.times = [
            time(h, m) for h in _numbers(hour, 0, 23) for m in _numbers(minute, 0, 59)
        ]
        self.days = frozenset(_numbers(day, 1, 31))
        self.months = frozenset(_numbers(month, 1, 12))
        self.weekdays = frozenset(_weekdays(day_of_week))

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        # A trigger asked at the very moment of a slot may still fire for it.
        after = previous_fire_time or now - timedelta(microseconds=1)
        wall = after.astimezone(self.zone)
        found = self._next_wall_time(wall.replace(tzinfo=None))
        if found is None:
            return None
        local = found.replace(tzinfo=self.zone, fold=wall.fold)
        return local.astimezone(UTC)

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

    def __getstate__(self) -> dict[str, object]:
        return {"version": 1, "fields": self.fields, "timezone": self.zone.key}

    def __setstate__(self, state: dict[str, object]) -> None:
        if state.get("version") != 1:
            raise ValueError(f"cannot read version {state.get('version')} of a trigger")
        names = ("minute", "hour", "day", "month", "day_of_week")
        fields = dict(zip(names, state["fields"], strict=True))  # type: ignore[call-overload]
        self.__init__(timezone=state["timezone"], **fields)  # type: ignore[misc]

    def __repr__(self) -> str:
        minute, hour, day, month, day_of_week = self.fields
        return (
            f"WallClockTrigger({minute} {hour} {day} {month} {day_of_week}, "
            f"{self.zone.key})"
        )


def _numbers(text: str, lowest: int, highest: int) -> list[int]:
    if text == "*":
        return list(range(lowest, highest + 1))
    return sorted({int(part) for part in text.split(",")})


def _weekdays(text: str) -> list[int]:
    if text == "*":
        return list(range(7))
    return [WEEKDAYS.index(part) for part in text.split(",")]
