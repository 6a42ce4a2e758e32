"""The oracle: when the installed Celery would run a schedule, by its own code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from migrator.schedules.zones import zone_info

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery.schedules import BaseSchedule

_MOMENT = timedelta(microseconds=1)


class OracleError(Exception):
    """Celery's own schedule code stops, or does not move on."""


class FrozenClock:
    """Stands in for `app.now`: the time is what it was set to."""

    def __init__(self, zone: str) -> None:
        self._zone = zone_info(zone)
        self.instant = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.instant.astimezone(self._zone)


class CeleryClock:
    """Runs Celery's schedule as beat does: each run is the next one's `last_run_at`."""

    def __init__(self, spec: Mapping[str, Any], zone: str) -> None:
        self._clock = FrozenClock(zone)
        self._schedule = _celery_schedule(spec, zone, self._clock)

    def next_after(self, last_run_at: datetime) -> datetime:
        """The run that follows, in UTC; OracleError where Celery itself breaks."""
        self._clock.instant = last_run_at
        last = self._clock()
        try:
            wait: timedelta = self._schedule.remaining_estimate(last)
        except (ValueError, OverflowError, RuntimeError) as error:
            raise OracleError(f"Celery stops after {last}: {error}") from error
        if wait <= timedelta(0):
            raise OracleError(f"Celery would run again at once after {last}")
        return last_run_at + wait

    def agrees_at(self, last_run_at: datetime, fire: datetime) -> bool:
        """Whether `is_due` says so too: not just before the fire time, and at it."""
        self._clock.instant = last_run_at
        last = self._clock()
        self._clock.instant = fire - _MOMENT
        is_early = self._schedule.is_due(last).is_due
        self._clock.instant = fire
        return bool(self._schedule.is_due(last).is_due) and not is_early


def _celery_schedule(
    spec: Mapping[str, Any], zone: str, clock: FrozenClock
) -> BaseSchedule:
    from celery.schedules import crontab, schedule

    from migrator.schedules.fields import NAMES

    app = _app(zone)
    if spec["kind"] == "crontab":
        given = {name: spec[name] for name in NAMES if spec.get(name) is not None}
        return crontab(**given, nowfun=clock, app=app)
    seconds = spec["seconds"]
    every = seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
    relative = bool(spec.get("relative", False))
    return schedule(every, relative=relative, nowfun=clock, app=app)


@lru_cache(maxsize=64)
def _app(zone: str) -> Any:
    """An application of our own: reads no configuration of the project, no Django."""
    from celery import Celery

    app = Celery(
        "oracle", broker="memory://", loader="app", set_as_current=False, fixups=[]
    )
    app.conf.timezone = zone
    return app
