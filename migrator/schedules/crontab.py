"""A crontab as an APScheduler trigger.

APScheduler's own trigger is right where a zone has no clock changes ahead, or where
the hours stay away from them; elsewhere the generated WallClockTrigger is used.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from migrator.schedules.fields import WEEKDAYS
from migrator.schedules.triggers import Guard, TriggerSource
from migrator.schedules.zones import ClockChange, coming_changes, zone_info

if TYPE_CHECKING:
    from migrator.schedules.fields import CronFields


def crontab_trigger(fields: CronFields, zone: str) -> TriggerSource:
    """The trigger; the choice of its class depends on fields and zone alone."""
    if unsafe_hours(zone).isdisjoint(fields.hour):
        return _stock(fields, zone)
    return _wall_clock_trigger(fields, zone)


def unsafe_hours(zone: str) -> frozenset[int]:
    """Hours in which APScheduler's CronTrigger and Celery part on some day.

    Those of the gap and the overlap, and the first ones of a day: the trigger adds
    wall time to UTC, and so lands as late as the clock was moved.
    """
    hours: set[int] = set()
    for change in coming_changes(zone):
        hours |= _hours_around(change, zone)
    return frozenset(hours)


def _hours_around(change: ClockChange, zone: str) -> set[int]:
    after = change.at.astimezone(zone_info(zone)).replace(tzinfo=None)
    before = after - change.shift
    first, last = min(before, after), max(before, after)
    hours = {first.hour, last.hour}
    moment = first
    while moment < last:
        hours.add(moment.hour)
        moment += timedelta(minutes=30)
    moved = ceil(abs(change.shift) / timedelta(hours=1))
    return hours | set(range(moved + 1))


def _stock(fields: CronFields, zone: str) -> TriggerSource:
    # A field that is left out may mean its minimum or any value: state all eight.
    expression = (
        f'CronTrigger(year="*", month="{_month(fields)}", day="{_day(fields)}", '
        f'week="*", day_of_week="{_weekday(fields)}", hour="{_hour(fields)}", '
        f'minute="{_minute(fields)}", second="0", timezone="{zone}")'
    )
    imports = (("apscheduler.triggers.cron", "CronTrigger"),)
    return TriggerSource(expression, imports)


def wall_clock_guard(fields: CronFields, zone: str) -> Guard:
    """`WallClock` of the generated clock.py, which knows a time from another."""
    return Guard(_wall_clock("WallClock", fields, zone), ((".clock", "WallClock"),))


def _wall_clock_trigger(fields: CronFields, zone: str) -> TriggerSource:
    name = "WallClockTrigger"
    return TriggerSource(_wall_clock(name, fields, zone), ((".triggers", name),))


def _wall_clock(name: str, fields: CronFields, zone: str) -> str:
    return (
        f'{name}(month="{_month(fields)}", day="{_day(fields)}", '
        f'day_of_week="{_weekday(fields)}", hour="{_hour(fields)}", '
        f'minute="{_minute(fields)}", timezone="{zone}")'
    )


def _month(fields: CronFields) -> str:
    return "*" if fields.any_month else _joined(fields.month_of_year)


def _day(fields: CronFields) -> str:
    return "*" if fields.any_day else _joined(fields.day_of_month)


def _weekday(fields: CronFields) -> str:
    if fields.any_weekday:
        return "*"
    return ",".join(WEEKDAYS[number] for number in fields.day_of_week)


def _hour(fields: CronFields) -> str:
    return "*" if len(fields.hour) == 24 else _joined(fields.hour)  # noqa: PLR2004


def _minute(fields: CronFields) -> str:
    return "*" if len(fields.minute) == 60 else _joined(fields.minute)  # noqa: PLR2004


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
