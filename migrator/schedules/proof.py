"""The proof: Celery's run times against those of the trigger, one by one.

Every run of a schedule is compared where there are few enough. A denser one is
compared around every clock change and month's end of the period, and from the start
on; between those its runs repeat from hour to hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from migrator.schedules.celery_clock import CeleryClock, OracleError
from migrator.schedules.conversion import (
    APSCHEDULER,
    Conversion,
    NotConvertibleError,
    convert,
)
from migrator.schedules.cronjobs import CronJobs, on_whole_minutes
from migrator.schedules.zones import ClockChange, clock_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_FIRES = 2_500  # compared in full up to here
# The days around a clock change up to so many runs, and the hours around it in full:
# a crontab has 420 runs in seven hours at most.
MOST_IN_WINDOW = 500
DAYS_AROUND = timedelta(hours=27)
HOURS_AROUND = timedelta(hours=3, minutes=30)
RUNS_AROUND = 200  # of an interval that is shorter than a minute
AROUND_MONTH = timedelta(hours=1)
CHECKED_BY_IS_DUE = 64  # every so many, `is_due` is asked as well
_TICK = timedelta(microseconds=1)
_A_DAY = timedelta(days=1)
_LATER = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first run that is not the same; None: there was none on that side."""

    after: datetime
    celery: datetime | None
    converted: datetime | None
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        return (
            f"after {self.after:%Y-%m-%d %H:%M:%S}Z Celery runs at {self.celery}, "
            f"the conversion at {self.converted}"
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared. `identical` is true only where every compared run is."""

    start: datetime
    end: datetime
    compared: int
    is_complete: bool  # every run of the period; else windows of it
    difference: Difference | None
    clock_changes: tuple[ClockChange, ...]
    next_fires: tuple[datetime, ...]  # of the converted schedule, UTC

    @property
    def identical(self) -> bool:
        return self.difference is None and self.compared > 0


def prove(
    spec_or_conversion: Mapping[str, Any] | Conversion,
    *,
    start: datetime | None = None,
    years: float = 2,
    target: str = APSCHEDULER,
    most_fires: int = MOST_FIRES,
) -> Proof:
    """Compare Celery's run times with those of the trigger, or of the CronJobs.

    From `start` (default: now) on for `years`, over every clock change of the zone;
    a schedule with more than `most_fires` runs in part, as the module says.
    A CronJob starts at whole minutes: there Celery's seconds are left out of account.
    NotConvertibleError where the schedule is refused for the target anyway.
    """
    conversion = spec_or_conversion
    if isinstance(conversion, Mapping):
        conversion = convert(conversion)
    begin = (start or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    end = begin + timedelta(days=365.25 * years)
    trigger_until = _trigger_until(conversion, target)
    if target != APSCHEDULER:
        conversion = on_whole_minutes(conversion)
    oracle = CeleryClock(conversion.spec, conversion.zone)
    comparison = _Comparison(conversion, trigger_until, oracle, most_fires)
    changes = clock_changes(conversion.zone, begin, end)
    is_complete = comparison.run(begin, end, changes)
    return Proof(
        start=begin,
        end=end,
        compared=comparison.compared,
        is_complete=is_complete,
        difference=comparison.difference,
        clock_changes=changes,
        next_fires=tuple(next_fires(trigger_until(end + _A_DAY), begin, 3)),
    )


def _trigger_until(conversion: Conversion, target: str) -> Callable[[datetime], Any]:
    """Makes the trigger, or the CronJobs that look no further than to an instant.

    Between two real runs there may be weeks of starts that the guard sends away.
    """
    if target == APSCHEDULER:
        trigger = conversion.apscheduler_trigger()
        return lambda _: trigger
    schedule = conversion.kubernetes()
    return lambda until: CronJobs(schedule, until)


def next_fires(trigger: Any, after: datetime, count: int) -> Iterator[datetime]:
    """Run times of a trigger object later than `after`, in UTC."""
    fire = trigger.get_next_fire_time(None, after + _TICK)
    for _ in range(count):
        if fire is None:
            return
        yield fire.astimezone(UTC)
        fire = trigger.get_next_fire_time(fire, fire)


class _Comparison:
    def __init__(
        self,
        conversion: Conversion,
        trigger_until: Callable[[datetime], Any],
        oracle: CeleryClock,
        most_fires: int,
    ) -> None:
        self._most_fires = most_fires
        self._conversion = conversion
        self._trigger_until = trigger_until
        self._oracle = oracle
        self.compared = 0
        self.difference: Difference | None = None

    def run(
        self, begin: datetime, end: datetime, changes: tuple[ClockChange, ...]
    ) -> bool:
        """True when every run of the period was compared."""
        reached = self._window(begin, end, self._most_fires)
        if self.difference or reached >= end:
            return True
        for middle, width in self._windows(begin, end, changes):
            left, right = max(middle - width, begin), min(middle + width, end)
            is_new = max(left, reached) < right
            if is_new and self.difference is None:
                self._window(left, right, MOST_IN_WINDOW)
        return False

    def _windows(
        self, begin: datetime, end: datetime, changes: tuple[ClockChange, ...]
    ) -> Iterator[tuple[datetime, timedelta]]:
        interval = self._conversion.interval
        close = HOURS_AROUND
        if interval is not None:
            close = min(close, interval.every * RUNS_AROUND)
        for change in changes:
            yield change.at, DAYS_AROUND
            yield change.at, close
        month = begin.replace(day=1, hour=0, minute=0, second=0)
        while month < end:
            month = (month + timedelta(days=32)).replace(day=1)
            yield month, AROUND_MONTH

    def _window(self, begin: datetime, end: datetime, most: int) -> datetime:
        """Compare the runs after `begin`; where it stopped, `end` when all is done."""
        trigger = self._trigger_until(end + _TICK)
        last = self._last_before(begin, trigger)
        ours = next_fires(trigger, last, most)
        for number in range(most):
            converted = next(ours, None)
            try:
                expected = self._oracle.next_after(last)
            except OracleError as error:
                self.difference = Difference(last, None, converted, str(error))
                return end
            if expected > end and (converted is None or converted > end):
                return end
            if converted is None:  # the later run, for the message
                later = self._trigger_until(expected + _LATER)
                converted = next(next_fires(later, last, 1), None)
            if not self._same(last, expected, converted, number):
                return end
            last = expected
        return last

    def _same(
        self,
        last: datetime,
        expected: datetime,
        converted: datetime | None,
        number: int,
    ) -> bool:
        self.compared += 1
        is_asked = number % CHECKED_BY_IS_DUE == 0
        if expected != converted:
            self.difference = Difference(last, expected, converted)
        elif is_asked and not self._oracle.agrees_at(last, expected):
            reason = f"Celery's is_due and its estimate differ at {expected}"
            self.difference = Difference(last, expected, converted, reason)
        return self.difference is None

    def _last_before(self, begin: datetime, trigger: Any) -> datetime:
        # The runs of an interval hang on the last one: start at a run, not anywhere.
        interval = self._conversion.interval
        if interval is None:
            return begin
        if self._conversion.fields is None:
            first = interval.anchor - interval.every
            return max(first, begin - (begin - interval.anchor) % interval.every)
        earlier = next_fires(trigger, begin - interval.every - _A_DAY, 10)
        return max(fire for fire in earlier if fire <= begin)


__all__ = ["Difference", "NotConvertibleError", "Proof", "next_fires", "prove"]
