"""Measured: 95 of 100 runs end within a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


LIMIT = 1.0


@criterion(
    Kind.SIGNAL,
    summary="95 % of its runs take at most 1 s.",
    guidance="",
    example="""
    name,count,p50,p95,max
    app.ping,4200,0.02,0.4,1.1
    """,
)
def measured_fast(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if evidence is not None and evidence.p95 is not None and evidence.p95 <= LIMIT:
        yield signal(f"p95 {evidence.p95:.2f} s of {evidence.runs} runs", context.place)
