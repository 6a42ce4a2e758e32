"""Measured: 95 of 100 runs end within ten seconds, though not within one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


FAST = 1.0
LIMIT = 10.0


@criterion(
    Kind.SIGNAL,
    summary="95 % of its runs take 1 to 10 s.",
    guidance="",
    example="""
    name,count,p50,p95,max
    app.sync,310,2.0,7.5,9.1
    """,
)
def measured_moderate(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if (
        evidence is not None
        and evidence.p95 is not None
        and FAST < evidence.p95 <= LIMIT
    ):
        yield signal(f"p95 {evidence.p95:.1f} s of {evidence.runs} runs", context.place)
