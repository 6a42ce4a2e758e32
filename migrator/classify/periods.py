"""The shortest time between two fires of a schedule, from its plain form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import ScheduleKind

if TYPE_CHECKING:
    from migrator.model import Literal, ScheduleEntry

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
WEEK = 7 * DAY


def shortest_period(entry: ScheduleEntry) -> float | None:
    """Seconds; None where the schedule could not be read.

    Exact for intervals. For crontabs a lower bound within an hour or a day: enough to
    tell seconds from minutes from days.
    """
    spec = entry.spec
    if spec is None:
        return None
    if entry.kind is ScheduleKind.INTERVAL:
        return _interval(spec)
    if entry.kind is ScheduleKind.CRONTAB:
        return _crontab(spec)
    return None


def _interval(spec: dict[str, Literal]) -> float | None:
    for name in ("seconds", "every", "period"):
        value = spec.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _crontab(spec: dict[str, Literal]) -> float:
    minutes = _numbers(spec.get("minute", "*"), 60)
    hours = _numbers(spec.get("hour", "*"), 24)
    if minutes is None or hours is None:
        return MINUTE
    if len(minutes) > 1:
        return MINUTE * _gap(minutes, 60)
    if len(hours) > 1:
        return HOUR * _gap(hours, 24)
    for name, period in (("month_of_year", 28 * DAY), ("day_of_month", WEEK)):
        if str(spec.get(name, "*")).isdigit():
            return period
    return WEEK if str(spec.get("day_of_week", "*")).isalnum() else DAY


def _gap(values: set[int], cycle: int) -> int:
    ordered = sorted(values)
    later = [*ordered[1:], ordered[0] + cycle]
    return min(after - before for before, after in zip(ordered, later, strict=True))


def _numbers(field: Literal, cycle: int) -> set[int] | None:
    """The expanded field, or None where it holds more than numbers and signs."""
    if isinstance(field, bool) or field is None:
        return None
    if isinstance(field, int):
        return {field}
    if isinstance(field, tuple):
        found = {item for item in field if isinstance(item, int)}
        return found if len(found) == len(field) else None
    if not isinstance(field, str):
        return None
    numbers: set[int] = set()
    for part in field.split(","):
        try:
            numbers |= _range(part.strip(), cycle)
        except ValueError:
            return None
    return numbers


def _range(part: str, cycle: int) -> set[int]:
    span, _, step = part.partition("/")
    if span == "*":
        first, last = 0, cycle - 1
    else:
        low, _, high = span.partition("-")
        first = int(low)
        last = int(high) if high else first
    if last < first:
        last += cycle
    return {value % cycle for value in range(first, last + 1, int(step or 1))}


def fits_kubernetes(entry: ScheduleEntry) -> str:
    """Why one cron line cannot say it, or an empty text."""
    spec = entry.spec
    if spec is None:
        return "its schedule could not be read"
    if entry.kind is ScheduleKind.INTERVAL:
        seconds = _interval(spec) or 0.0
        divides = seconds and (
            (seconds % MINUTE == 0 and HOUR % seconds == 0)
            or (seconds % HOUR == 0 and DAY % seconds == 0)
            or seconds == WEEK
        )
        return "" if divides else "its interval does not divide an hour or a day"
    if entry.kind is not ScheduleKind.CRONTAB:
        return f"a {entry.kind.value} schedule is no cron line"
    both = ("day_of_month", "day_of_week")
    if all(str(spec.get(name, "*")) != "*" for name in both):
        return "Kubernetes takes day of month OR day of week, Celery takes both"
    return ""
