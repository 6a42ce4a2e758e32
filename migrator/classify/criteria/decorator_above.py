"""A decorator above the task decorator gets the task object, not the function.

It may register it a second time, wrap `delay`, or replace the object. What it makes of
a task that is no longer a plain Celery task is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.UNKNOWN,
    summary="Something decorates the task object itself.",
    guidance="Move it below the task decorator, where it wraps the body.",
    example="""
    @permission_check(may_export)
    @app.task
    def export(): ...
    """,
)
def decorator_above(context: TaskContext) -> Iterator[Finding]:
    for source in context.task.decorators_above:
        text = f"`{source}` decorates the task object"
        yield unknown(text, context.task.decorator)
