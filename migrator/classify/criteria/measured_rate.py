"""Measured: more than ten runs a second.

Each run is short, and all of them together need many hands on several machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


LIMIT = 10.0


@criterion(
    Kind.SIGNAL,
    summary="It runs more than 10 times a second.",
    guidance="Keep it on Celery: spreading load is what workers do.",
    example="""
    name,count,window
    app.track,900000,3600
    """,
)
def measured_rate(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if (
        evidence is not None
        and evidence.window > 0
        and evidence.runs / evidence.window > LIMIT
    ):
        rate = evidence.runs / evidence.window
        yield signal(f"{rate:.0f} runs a second", context.place)
