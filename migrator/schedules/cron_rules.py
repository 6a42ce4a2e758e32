"""When a Kubernetes CronJob runs: the rules of its cron parser, robfig/cron v3.

Written after the behaviour of that Go library, clock changes included; Kubernetes
passes it the schedule and `spec.timeZone`.
https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import day_abbr, month_abbr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from migrator.schedules.zones import clock_changes, zone_info

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_YEARS = 5  # the library gives up after so many
_NOON = 12
_COMPARED_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
_MOST_GAPS = 100  # more than an hour has minutes
_NEVER = datetime.max.replace(tzinfo=UTC)
_MONTHS = {name.lower(): number for number, name in enumerate(month_abbr) if name}
_WEEKDAYS = {name.lower(): (number + 1) % 7 for number, name in enumerate(day_abbr)}
_BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _WEEKDAYS),
)


class CronError(ValueError):
    """Kubernetes would reject the schedule."""


@dataclass(frozen=True, slots=True)
class Field:
    numbers: frozenset[int]
    is_star: bool  # `*` or `?` without a step: only then is the field unrestricted


class CronRule:
    """A five-field schedule in a zone."""

    def __init__(self, text: str, zone: str = "UTC") -> None:
        parts = text.split()
        if len(parts) != len(_BOUNDS):
            raise CronError(f"expected 5 fields, not {len(parts)}: {text}")
        fields = [
            _field(part, low, high, names)
            for part, (low, high, names) in zip(parts, _BOUNDS, strict=True)
        ]
        self._minute, self._hour, self._day, self._month, self._weekday = fields
        self._zone = GoZone(zone)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first run after `instant`, UTC; None: none within five years."""
        moment = instant.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        walk = _Walk(moment, self._zone)
        limit = walk.wall.year + _YEARS
        while walk.wall.year <= limit:
            if (
                self._reach_month(walk)
                and self._reach_day(walk)
                and self._reach_hour(walk)
                and self._reach_minute(walk)
            ):
                return walk.instant
        return None

    def shortest_gap(self) -> timedelta | None:
        """Between the two closest runs; None: there are not two.

        Of one fixed year and of its clock changes, so that what is rendered from it is
        the same on every day.
        """
        year = (_COMPARED_YEAR, _COMPARED_YEAR + _DAY * 365)
        spans = [year]
        spans += [
            (change.at - _DAY * 7, change.at + _DAY)
            for change in clock_changes(self._zone.name, *year)
        ]
        return min((gap for span in spans for gap in self._gaps(*span)), default=None)

    def _gaps(self, begin: datetime, end: datetime) -> Iterator[timedelta]:
        """Between the first runs after `begin`, the one across `end` included."""
        run = self.next_after(begin)
        for _ in range(_MOST_GAPS):
            later = run and run <= end and self.next_after(run)
            if not (run and later):
                return
            yield later - run
            run = later

    def _reach_month(self, walk: _Walk) -> bool:
        while walk.wall.month not in self._month.numbers:
            walk.clear("day", "hour", "minute")
            walk.add_months(1)
            if walk.wall.month == 1:
                return False
        return True

    def _reach_day(self, walk: _Walk) -> bool:
        while not self._day_matches(walk.wall):
            walk.clear("hour", "minute")
            walk.add_day()
            hour = walk.wall.hour
            if hour:  # a clock change at midnight: back to the day's begin
                walk.move(_HOUR * (24 - hour) if hour > _NOON else -_HOUR * hour)
            if walk.wall.day == 1:
                return False
        return True

    def _day_matches(self, wall: datetime) -> bool:
        in_month = wall.day in self._day.numbers
        in_week = wall.isoweekday() % 7 in self._weekday.numbers
        if self._day.is_star or self._weekday.is_star:
            return in_month and in_week
        return in_month or in_week

    def _reach_hour(self, walk: _Walk) -> bool:
        while walk.wall.hour not in self._hour.numbers:
            walk.clear("minute")
            walk.move(_HOUR)
            if walk.wall.hour == 0:
                return False
        return True

    def _reach_minute(self, walk: _Walk) -> bool:
        if walk.wall.second:
            walk.move(_MINUTE - timedelta(seconds=walk.wall.second))
            walk.is_changed = True
            if walk.wall.minute == 0:
                return False
        while walk.wall.minute not in self._minute.numbers:
            walk.is_changed = True
            walk.move(_MINUTE)
            if walk.wall.minute == 0:
                return False
        return True


class _Walk:
    """The library's moving time: an instant, seen on a wall clock."""

    def __init__(self, instant: datetime, zone: GoZone) -> None:
        self.zone = zone
        self.is_changed = False
        self._set(instant)

    def _set(self, instant: datetime) -> None:
        self.instant = instant
        self.wall = self.zone.wall(instant)

    def clear(self, *fields: str) -> None:
        """Set the fields below to their minimum, once."""
        if self.is_changed:
            return
        self.is_changed = True
        lowest = {field: 1 if field == "day" else 0 for field in fields}
        cleared = self.wall.replace(second=0, **lowest)  # type: ignore[arg-type]
        self._set(self.zone.instant(cleared))

    def move(self, step: timedelta) -> None:
        self._set(self.instant + step)

    def add_day(self) -> None:
        self._set(self.zone.instant(self.wall + _DAY))

    def add_months(self, count: int) -> None:
        index = self.wall.year * 12 + self.wall.month - 1 + count
        # Day 29 to 31 of a shorter month runs over into the next one, as in Go.
        first = self.wall.replace(year=index // 12, month=index % 12 + 1, day=1)
        self._set(self.zone.instant(first + _DAY * (self.wall.day - 1)))


class GoZone:
    """Wall times and instants of a zone as Go's package time computes them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wall(self, instant: datetime) -> datetime:
        return instant.replace(tzinfo=None) + self._offset(instant)[0]

    def instant(self, wall: datetime) -> datetime:
        """Go takes the wall time for UTC to find an offset, and corrects it once."""
        as_utc = wall.replace(tzinfo=UTC)
        offset, start, end = self._offset(as_utc)
        if offset:
            guess = as_utc - offset
            if not start <= guess < end:
                offset = self._offset(guess)[0]
        return as_utc - offset

    def _offset(self, instant: datetime) -> tuple[timedelta, datetime, datetime]:
        starts, offsets = _periods(self.name, instant.year)
        index = bisect_right(starts, instant) - 1
        end = starts[index + 1] if index + 1 < len(starts) else _NEVER
        return offsets[index], starts[index], end


@lru_cache(maxsize=512)
def _periods(name: str, year: int) -> tuple[list[datetime], list[timedelta]]:
    """The offsets of a year and its neighbours, by the instants they begin at."""
    begin = datetime(year - 1, 1, 1, tzinfo=UTC)
    end = datetime(year + 2, 1, 1, tzinfo=UTC)
    zone = zone_info(name)
    starts = [begin, *(change.at for change in clock_changes(name, begin, end))]
    offsets = [start.astimezone(zone).utcoffset() or timedelta(0) for start in starts]
    return starts, offsets


def _field(text: str, low: int, high: int, names: dict[str, int]) -> Field:
    numbers: set[int] = set()
    is_star = False
    for part in text.split(","):
        if not part:
            continue
        found, star = _range(part, low, high, names)
        numbers |= found
        is_star = is_star or star
    return Field(frozenset(numbers), is_star)


def _range(
    part: str, low: int, high: int, names: dict[str, int]
) -> tuple[set[int], bool]:
    span, slash, step_text = part.partition("/")
    first_text, dash, last_text = span.partition("-")
    step = _number(step_text, {}) if slash else 1
    if first_text in {"*", "?"}:
        first, last, is_star = low, high, step <= 1
    else:
        first = _number(first_text, names)
        last = _number(last_text, names) if dash else high if slash else first
        is_star = False
    if first < low or last > high or first > last or step == 0:
        raise CronError(f"out of range: {part}")
    return set(range(first, last + 1, step)), is_star


def _number(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not (text.isascii() and text.isdigit()):
        raise CronError(f"no number: {text!r}")
    return int(text)
