"""It puts something into a cache, or takes it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import is_cache_write
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It sets or clears a cache.",
    guidance="",
    example="""
    cache.set("front-page", render(), 300)
    """,
)
def cache_write(context: TaskContext) -> Iterator[Finding]:
    for call, _ in context.calls:
        if is_cache_write(call):
            yield signal(f"`{call.target}`", call.location)
            return
