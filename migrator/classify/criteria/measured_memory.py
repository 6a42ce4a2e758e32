"""Measured: a run makes the process grow by more than 100 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


LIMIT = 100 * 10**6


@criterion(
    Kind.SIGNAL,
    summary="It needs more than 100 MB.",
    guidance="Keep it in a process with a memory limit.",
    example="""
    {"task": "app.render", "rss_growth": 400000000}
    """,
)
def measured_memory(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if evidence is not None and (evidence.peak_rss_growth or 0) > LIMIT:
        growth = (evidence.peak_rss_growth or 0) / 10**6
        yield signal(f"grows by {growth:.0f} MB", context.place)
