"""When the clocks of a zone change, as the installed tz database says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# Fixed, so that the same project is converted the same on any day. Today's rules of
# all zones repeat within the span.
_SPAN_START = datetime(2025, 1, 1, tzinfo=UTC)
_SPAN_END = datetime(2035, 1, 1, tzinfo=UTC)
_STEP = timedelta(hours=6)
_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """The first instant of the new offset (UTC) and how far the clock was moved."""

    at: datetime
    shift: timedelta  # positive: wall times are skipped; negative: repeated


class UnknownZoneError(ValueError):
    """The name is in no tz database of this machine."""


def zone_info(name: str) -> ZoneInfo:
    """The zone, or UnknownZoneError. Names with `..` and absolute paths are unknown."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise UnknownZoneError(name) from error
    except KeyError as error:
        raise UnknownZoneError(name) from error


@lru_cache(maxsize=256)
def clock_changes(name: str, start: datetime, end: datetime) -> tuple[ClockChange, ...]:
    """Every change of the zone's UTC offset in [start, end), both in UTC.

    Two changes within six hours that cancel out are not seen; no zone has such.
    """
    zone = zone_info(name)
    found = []
    left, before = start, _offset(zone, start)
    while left < end:
        right = min(left + _STEP, end)
        after = _offset(zone, right)
        if before != after:
            at = _first_instant(zone, left, right)
            found.append(ClockChange(at, after - before))
        left, before = right, after
    return tuple(found)


def coming_changes(name: str) -> tuple[ClockChange, ...]:
    """The changes of the ten years from 2025 on, by which conversions are chosen."""
    return clock_changes(name, _SPAN_START, _SPAN_END)


def coming_offsets(name: str) -> tuple[timedelta, ...]:
    """The offsets from UTC that the zone has in those years, smallest first."""
    zone = zone_info(name)
    instants = (_SPAN_START, *(change.at for change in coming_changes(name)))
    return tuple(sorted({_offset(zone, instant) for instant in instants}))


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _first_instant(zone: ZoneInfo, left: datetime, right: datetime) -> datetime:
    before = _offset(zone, left)
    while right - left > _RESOLUTION:
        middle = (left + (right - left) / 2).replace(microsecond=0)
        if middle <= left:
            break
        if _offset(zone, middle) == before:
            left = middle
        else:
            right = middle
    return right.astimezone(UTC)
