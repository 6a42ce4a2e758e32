"""It runs more than once a minute.

No CronJob can: cron counts minutes. APScheduler can, so it costs nothing there and the
rule has no weight; it decides the target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.periods import MINUTE, shortest_period
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its period is below a minute.",
    guidance="",
    example="""
    "beat": {"task": "app.beat", "schedule": 5.0}
    """,
)
def sub_minute_period(context: TaskContext) -> Iterator[Finding]:
    for entry in context.schedules:
        period = shortest_period(entry)
        if period is not None and period < MINUTE:
            yield signal(f"every {period:g} s: no CronJob", entry.location)
