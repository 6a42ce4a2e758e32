"""Measured: one run in twenty takes longer than a minute.

Whatever the source looks like, this is heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


LIMIT = 60.0


@criterion(
    Kind.SIGNAL,
    summary="5 % of its runs take longer than 60 s.",
    guidance="Keep it on Celery.",
    example="""
    name,count,p50,p95,max
    app.reindex,96,44,310,900
    """,
)
def measured_slow(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if evidence is not None and evidence.p95 is not None and evidence.p95 > LIMIT:
        yield signal(f"p95 {evidence.p95:.0f} s of {evidence.runs} runs", context.place)
