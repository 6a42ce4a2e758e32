"""An option that decides is no literal.

`queue=settings.QUEUE`, `max_retries=RETRIES` or `**options` are evaluated when the
module is imported, and nothing is imported here. A wrapper of the house that hands on
the `**options` of its call is read at the call. Options that change neither cost nor
delivery (`autoretry_for`, `name`, `ignore_result`) may be expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown
from migrator.model import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


# queue, rate_limit, serializer and the retry options have rules that read them.
DECIDING = frozenset(
    {"acks_late", "reject_on_worker_lost", "soft_time_limit", "time_limit"}
)


@criterion(
    Kind.UNKNOWN,
    summary="An option that matters is an expression.",
    guidance="Write the value down, or say `# migrate: light` with the reason.",
    example="""
    @app.task(time_limit=settings.LIMIT, **DEFAULTS)
    def report(): ...
    """,
)
def dynamic_option(context: TaskContext) -> Iterator[Finding]:
    is_here = context.task.kind is not DefinitionKind.WRAPPER
    if context.task.has_spread and (is_here or "**" in context.task.decorator_source):
        yield unknown("`**` in the decorator", context.task.decorator)
    for option in context.task.options:
        if option.name in DECIDING and not option.is_literal:
            text = f"{option.name}={option.source} is no literal"
            yield unknown(text, context.task.decorator)
