"""A rate limit is kept by the Celery worker.

`rate_limit="30/m"` is a promise to somebody else, and the worker's token bucket is what
keeps it. Neither a scheduler job nor a background task has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task has a rate limit.",
    guidance="Keep it on Celery, or limit the rate where the outside call is made.",
    example="""
    @app.task(rate_limit="30/m")
    def geocode(address): ...
    """,
)
def rate_limit(context: TaskContext) -> Iterator[Finding]:
    option = context.option("rate_limit")
    if option is not None and option.is_literal and option.value not in {None, 0}:
        yield veto(f"rate_limit={option.source}", context.task.decorator)
    elif option is not None and not option.is_literal:
        text = f"rate_limit={option.source} is no literal"
        yield unknown(text, context.task.decorator)
    default = context.project.settings.get("task_default_rate_limit")
    if option is None and default is not None and default.value is not None:
        yield veto(f"task_default_rate_limit = {default.source}", default.location)
    annotations = context.project.settings.get("task_annotations")
    if annotations is not None and "rate_limit" in annotations.source:
        names = ('"*"', "'*'", f'"{context.task.name}"', f"'{context.task.name}'")
        if any(name in annotations.source for name in names):
            text = "task_annotations set a rate limit"
            yield veto(text, annotations.location)
