"""A schedule as Kubernetes CronJobs: cron strings, and a guard where they say too much.

Plain where Kubernetes' rules agree with Celery's; else a union of at most twelve
strings, each a CronJob of its own; else a superset whose surplus runs are dropped by
a guard that looks at the *scheduled* time; else refused.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import ceil, gcd
from typing import TYPE_CHECKING, NamedTuple

from migrator.schedules.crontab import wall_clock_guard
from migrator.schedules.fields import CronFields
from migrator.schedules.interval import datetime_source, seconds_source
from migrator.schedules.triggers import Guard
from migrator.schedules.zones import coming_changes, coming_offsets, zone_info

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.schedules.interval import Interval

MOST_CRONJOBS = 12
# A pod that only finds out that it is not due costs seconds of a node: so many for
# each real run are accepted, five minutes apart, or any number an hour apart.
MOST_SURPLUS = 12
CLOSEST_SURPLUS = timedelta(minutes=5)
UTC_ZONE = "Etc/UTC"
_DAY_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)


class KubernetesSchedule(NamedTuple):
    """The strings for `spec.schedule`, for `spec.timeZone`, and the guard.

    `guard(scheduled_time)` says whether to run; its text is the source of the object
    that does so in generated code. The strings of a union never name a minute twice.
    """

    cron: list[str]
    zone: str
    guard: Guard | None


class UnusableForKubernetesError(ValueError):
    """No cron string, union or superset fires when Celery does."""


def crontab_schedule(fields: CronFields, zone: str) -> KubernetesSchedule:
    """Always possible: at worst with a guard."""
    if _clocks_matter(fields, zone):
        guard = wall_clock_guard(fields, zone)
        return KubernetesSchedule([_utc_superset(fields, zone)], UTC_ZONE, guard)
    if fields.any_day or fields.any_weekday:
        return KubernetesSchedule([_cron(fields)], _named(zone), None)
    # Kubernetes runs on either of the two when both are restricted.
    guard = wall_clock_guard(fields, zone)
    return KubernetesSchedule([_cron(_one_day_field(fields))], _named(zone), guard)


def _named(zone: str) -> str:
    return UTC_ZONE if zone == "UTC" else zone


def _clocks_matter(fields: CronFields, zone: str) -> bool:
    """Whether Kubernetes would skip or repeat a run, or lose a day, in this zone."""
    # It steps from day to day only to look for one that matches, and then stumbles
    # over a change at midnight.
    looks_for_days = not (fields.any_day and fields.any_weekday and fields.any_month)
    touched: set[int] = set()
    for change in coming_changes(zone):
        after = change.at.astimezone(zone_info(zone)).replace(tzinfo=None)
        first, last = sorted((after, after - change.shift))
        is_midnight = first.date() != last.date() or first.hour == 0
        if (is_midnight and looks_for_days) or change.shift % _HOUR:
            return True
        passed = ceil((last - first) / _HOUR)
        touched |= {(first.hour + step) % 24 for step in range(passed + 1)}
    return not touched.isdisjoint(fields.hour)


def _cron(fields: CronFields) -> str:
    return " ".join(
        (
            _part(fields.minute, 60),
            _part(fields.hour, 24),
            _part(fields.day_of_month, 31),
            _part(fields.month_of_year, 12),
            _part(fields.day_of_week, 7),
        )
    )


def _part(numbers: Iterable[int], count: int) -> str:
    # A full list would count as a restriction, `*` does not.
    chosen = sorted(set(numbers))
    return "*" if len(chosen) == count else ",".join(map(str, chosen))


def _one_day_field(fields: CronFields) -> CronFields:
    """Without the one of the two that restricts less."""
    any_day, any_weekday = tuple(range(1, 32)), tuple(range(7))
    by_day = len(fields.day_of_month) / len(any_day)
    by_weekday = len(fields.day_of_week) / len(any_weekday)
    day, weekday = fields.day_of_month, any_weekday
    if by_weekday < by_day:
        day, weekday = any_day, fields.day_of_week
    return CronFields(fields.minute, fields.hour, weekday, day, fields.month_of_year)


def _utc_superset(fields: CronFields, zone: str) -> str:
    """Every instant at which a wall time of `fields` can be, by any offset."""
    instants = [
        divmod(hour * 60 + minute - offset // _MINUTE, _DAY_MINUTES)
        for offset in coming_offsets(zone)
        for hour in fields.hour
        for minute in fields.minute
    ]
    shifts = {days for days, _ in instants}
    chosen = _one_day_field(fields)
    return _cron(
        CronFields(
            minute=tuple({minute % 60 for _, minute in instants}),
            hour=tuple({minute // 60 for _, minute in instants}),
            day_of_week=tuple(
                {(day + shift) % 7 for day in chosen.day_of_week for shift in shifts}
            ),
            day_of_month=tuple(_shifted_days(chosen.day_of_month, shifts)),
            month_of_year=tuple(_shifted_months(chosen.month_of_year, shifts)),
        )
    )


def _shifted_days(days: tuple[int, ...], shifts: set[int]) -> set[int]:
    found = {day + shift for day in days for shift in shifts}
    if 0 in found:
        found |= {28, 29, 30, 31}  # the last day of a month, whichever it is
    if any(day > 28 for day in found) and 1 in shifts:  # noqa: PLR2004 - February
        found.add(1)
    return {day for day in found if 1 <= day <= 31}  # noqa: PLR2004 - a month


def _shifted_months(months: tuple[int, ...], shifts: set[int]) -> set[int]:
    return {(month - 1 + shift) % 12 + 1 for month in months for shift in {0, *shifts}}


def interval_schedule(interval: Interval) -> KubernetesSchedule:
    """On the grid of the interval, moved back to whole minutes.

    UnusableForKubernetesError where no affordable set of cron strings contains it.
    """
    if interval.every % _MINUTE:
        raise UnusableForKubernetesError(
            "Kubernetes starts jobs at whole minutes; the interval is not made of them"
        )
    anchor = interval.anchor.astimezone(UTC).replace(second=0, microsecond=0)
    minutes = interval.every // _MINUTE
    if interval.every == _WEEK:
        return KubernetesSchedule([_weekly(anchor)], UTC_ZONE, None)
    if _DAY_MINUTES % minutes == 0:
        strings = _strings_per_day(anchor, minutes)
        if len(strings) <= MOST_CRONJOBS:
            return KubernetesSchedule(strings, UTC_ZONE, None)
    return _guarded(anchor, minutes)


def _weekly(anchor: datetime) -> str:
    return f"{anchor.minute} {anchor.hour} * * {anchor.isoweekday() % 7}"


def _strings_per_day(anchor: datetime, minutes: int) -> list[str]:
    """One string for each set of hours that share their minutes."""
    phase = (anchor.hour * 60 + anchor.minute) % minutes
    times = [divmod(minute, 60) for minute in range(phase, _DAY_MINUTES, minutes)]
    by_hour = {
        hour: tuple(minute for _, minute in found)
        for hour, found in groupby(times, key=lambda time: time[0])
    }
    by_minutes: dict[tuple[int, ...], list[int]] = {}
    for hour, chosen in by_hour.items():
        by_minutes.setdefault(chosen, []).append(hour)
    return [
        f"{_part(chosen, 60)} {_part(hours, 24)} * * *"
        for chosen, hours in by_minutes.items()
    ]


def _guarded(anchor: datetime, minutes: int) -> KubernetesSchedule:
    step = gcd(minutes, _DAY_MINUTES)
    strings = _strings_per_day(anchor, step)
    is_rare = step * _MINUTE >= CLOSEST_SURPLUS
    is_affordable = is_rare and minutes // step <= MOST_SURPLUS
    is_affordable = is_affordable or step * _MINUTE >= _HOUR
    if len(strings) > MOST_CRONJOBS or not is_affordable:
        raise UnusableForKubernetesError(
            f"no cron schedule runs every {minutes} minutes, and one that contains it "
            f"would start {minutes // step} jobs for each that is due"
        )
    seconds = seconds_source(timedelta(minutes=minutes))
    guard = Guard(
        f"Grid(seconds={seconds}, start_date={datetime_source(anchor)})",
        ((".clock", "Grid"), ("datetime", "UTC"), ("datetime", "datetime")),
    )
    return KubernetesSchedule(strings, UTC_ZONE, guard)


def phase_warning(interval: Interval) -> str:
    """What whole minutes cost, or an empty text."""
    early = interval.anchor.second + interval.anchor.microsecond / 1e6
    if not early:
        return ""
    return f"Kubernetes starts it {early:g} s earlier than beat: it knows no seconds"
