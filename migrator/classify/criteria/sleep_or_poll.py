"""It waits.

A sleep holds a thread and does nothing; a loop around it polls for something that takes
its own time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It sleeps or polls.",
    guidance="Look once per scheduled run instead.",
    example="""
    while not job.done():
        time.sleep(5)
    """,
)
def sleep_or_poll(context: TaskContext) -> Iterator[Finding]:
    for call, depth in context.calls:
        if call.target in words.SLEEPS:
            text = "polls" if depth else "sleeps"
            yield signal(f"{text}: `{call.source or call.target}`", call.location)
