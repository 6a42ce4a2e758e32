"""An interval as an APScheduler trigger: elapsed time on a grid that never moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.schedules.triggers import TriggerSource
from migrator.schedules.zones import zone_info

# Where no run of the past is known. A constant, so that all replicas and every
# later release agree on the slots; a Monday, midnight UTC.
FIXED_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
_SHORTEST = timedelta(milliseconds=1)
_LONGEST = timedelta(days=36_525)  # a century; dates end in the year 9999
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


class UnusableIntervalError(ValueError):
    """Celery would not run it at a steady pace, or we cannot follow the pace."""


@dataclass(frozen=True, slots=True)
class Interval:
    every: timedelta
    relative: bool
    anchor: datetime  # a slot of the grid, UTC


def read_interval(
    seconds: Any, *, relative: bool, zone: str, last_run_at: datetime | None
) -> Interval:
    """The grid that Celery follows after `last_run_at`; UnusableIntervalError if none.

    `relative` rounds each deadline down to the unit of the interval in `zone`.
    """
    every = _duration(seconds)
    start = FIXED_ANCHOR
    if last_run_at is not None:
        # The offset that a zone has today is not that of long ago.
        earliest = FIXED_ANCHOR if relative else _EARLIEST
        start = _slot_after(last_run_at, every, earliest)
    if relative:
        start = _rounded(start, _unit(every), zone)
    return Interval(every, relative, start)


def _slot_after(
    last_run_at: datetime, every: timedelta, earliest: datetime
) -> datetime:
    """The next slot of the grid, or a later one where that is before `earliest`.

    The trigger's arithmetic is not exact over a thousand years.
    """
    if last_run_at > _LATEST:
        raise UnusableIntervalError(
            f"last_run_at is in the year {last_run_at.year}: beat waits until then"
        )
    behind = earliest - last_run_at
    return last_run_at + every * max(1, -(-behind // every))


def _duration(seconds: Any) -> timedelta:
    if isinstance(seconds, timedelta):
        every = seconds
    elif isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise UnusableIntervalError(f"seconds: the interval is no number: {seconds!r}")
    else:
        try:
            every = timedelta(seconds=seconds)
        except (OverflowError, ValueError) as error:
            raise UnusableIntervalError(f"seconds: no interval: {error}") from error
    if every <= timedelta(0):
        raise UnusableIntervalError(
            "seconds: not > 0, so beat would run it without pause"
        )
    if every > _LONGEST:
        raise UnusableIntervalError("seconds: longer than a century")
    if every % _SHORTEST:
        raise UnusableIntervalError("seconds: finer than a millisecond")
    return every


def _unit(every: timedelta) -> timedelta:
    """The unit that `relative` rounds to, where the interval is whole in it."""
    if every < timedelta(seconds=1):
        raise UnusableIntervalError(
            "relative and below a second: beat runs it in a tight loop"
        )
    unit = next((unit for unit in _UNITS if every >= unit), timedelta(seconds=1))
    if every % unit:
        raise UnusableIntervalError(
            f"relative=True rounds {every} down to whole units, so beat really runs "
            f"it every {every - every % unit}; write the interval that is meant"
        )
    return unit


def _rounded(moment: datetime, unit: timedelta, zone: str) -> datetime:
    local = moment.astimezone(zone_info(zone))
    clear = {"microsecond": 0}
    if unit >= timedelta(minutes=1):
        clear["second"] = 0
    if unit >= timedelta(hours=1):
        clear["minute"] = 0
    if unit >= timedelta(days=1):
        clear["hour"] = 0
    return local.replace(**clear).astimezone(UTC)  # type: ignore[arg-type]


def interval_trigger(interval: Interval) -> TriggerSource:
    return TriggerSource(
        f"IntervalTrigger(seconds={seconds_source(interval.every)}, "
        f'start_date={datetime_source(interval.anchor)}, timezone="UTC")',
        (
            ("apscheduler.triggers.interval", "IntervalTrigger"),
            ("datetime", "UTC"),
            ("datetime", "datetime"),
        ),
    )


def seconds_source(every: timedelta) -> str:
    seconds = every.total_seconds()
    return repr(int(seconds)) if seconds == int(seconds) else repr(seconds)


def datetime_source(moment: datetime) -> str:
    """`datetime(...)` in UTC, without zeros at its end."""
    date = [moment.year, moment.month, moment.day]
    rest = [moment.hour, moment.minute, moment.second, moment.microsecond]
    while rest and rest[-1] == 0:
        rest.pop()
    return f"datetime({', '.join(map(str, date + rest))}, tzinfo=UTC)"
