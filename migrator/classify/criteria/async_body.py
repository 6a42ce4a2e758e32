"""An `async def` body.

Celery does not await it without help; an event loop does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its body is async.",
    guidance="",
    example="""
    @app.task
    async def refresh(pk): ...
    """,
)
def async_body(context: TaskContext) -> Iterator[Finding]:
    if context.task.is_async:
        yield signal("async def", context.place)
