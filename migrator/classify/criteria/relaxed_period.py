"""Its period is at least ten times its run.

The run is measured, or estimated from its time limit or the timeouts inside; without
any of these there is no estimate and no finding. Runs of more than a minute are not
meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.limits import expected_seconds
from migrator.classify.periods import shortest_period
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


RATIO = 10
# Of a longer run, a long period says nothing for light.
SHORT_RUN = 60.0


@criterion(
    Kind.SIGNAL,
    summary="It runs seldom compared with how long it takes.",
    guidance="",
    example="""
    "cleanup": {"task": "app.cleanup", "schedule": crontab(minute=0)}
    """,
)
def relaxed_period(context: TaskContext) -> Iterator[Finding]:
    expected = expected_seconds(context)
    for entry in context.schedules:
        period = shortest_period(entry)
        if expected is None or period is None or expected > SHORT_RUN:
            continue
        if period >= RATIO * expected:
            text = f"every {period:.0f} s, for about {expected:.0f} s of work"
            yield signal(text, entry.location)
