"""Its period is shorter than its run.

Runs overlap or are missed. The run is measured, or known from an explicit time limit
that is longer than the period by a factor of two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.limits import LONG, literal_limits
from migrator.classify.periods import shortest_period
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


FACTOR = 2


@criterion(
    Kind.SIGNAL,
    summary="It is due again before it is done.",
    guidance="Lengthen the period, or give it a worker of its own.",
    example="""
    "poll": {"task": "app.poll", "schedule": 10.0}    # takes 30 s
    """,
)
def tight_period(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    for entry in context.schedules:
        period = shortest_period(entry)
        if period is None:
            continue
        if evidence is not None and (evidence.p95 or 0) > period:
            text = f"every {period:.0f} s, p95 {evidence.p95:.1f} s"
            yield signal(text, entry.location)
        for name, seconds in literal_limits(context):
            if evidence is None and seconds > FACTOR * period >= LONG:
                text = f"every {period:.0f} s, {name}={seconds:g}"
                yield signal(text, entry.location)
