"""A cron trigger that follows the clock on the wall the way Celery beat does.

APScheduler's own CronTrigger loses runs between 00:00 and 00:59 after the clocks
went forward and repeats runs when they go back. The file is yours to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apscheduler.triggers.base import BaseTrigger

from .clock import TICK, WallClock

if TYPE_CHECKING:
    from datetime import datetime


class WallClockTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler is untyped
    """Fires when its WallClock says so; takes the same arguments."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields
        self.clock = WallClock(**fields)

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        # A trigger asked at the very moment of a slot may still fire for it.
        return self.clock.next_after(previous_fire_time or now - TICK)

    def __getstate__(self) -> dict[str, Any]:
        return {"version": 1, "fields": self.fields}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("version") != 1:
            raise ValueError(f"cannot read version {state.get('version')} of a trigger")
        self.fields = state["fields"]
        self.clock = WallClock(**self.fields)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"WallClockTrigger({fields})"
