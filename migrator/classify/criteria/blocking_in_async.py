"""A blocking call inside an `async def` stops everything else on its loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


BLOCKING = frozenset({"psycopg2", "requests", "time.sleep", "urllib.request"})


@criterion(
    Kind.SIGNAL,
    summary="It blocks an event loop.",
    guidance="Use an async client, or make the body a plain def.",
    example="""
    async def refresh(pk):
        requests.get(url, timeout=5)
    """,
)
def blocking_in_async(context: TaskContext) -> Iterator[Finding]:
    for reached in context.reach.functions:
        if not reached.facts.is_async:
            continue
        for call in reached.facts.calls:
            if words.matches(call.target, BLOCKING):
                yield signal(f"`{call.target}` blocks the loop", call.location)
