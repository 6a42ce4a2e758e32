"""Measured: more than one run in twenty fails or is retried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


LIMIT = 0.05


@criterion(
    Kind.SIGNAL,
    summary="More than 5 % of its runs fail or are retried.",
    guidance="Find out why before it moves.",
    example="""
    name,count,failures,retries
    app.push,2000,90,210
    """,
)
def measured_failures(context: TaskContext) -> Iterator[Finding]:
    evidence = context.evidence
    if evidence is not None:
        troubled = evidence.failures + evidence.retries
        if evidence.runs and troubled / evidence.runs > LIMIT:
            share = 100 * troubled / evidence.runs
            yield signal(f"{share:.0f} % fail or are retried", context.place)
