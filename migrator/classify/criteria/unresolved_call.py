"""Something in the body could not be followed.

A call that is looked up at run time (`getattr`, a registry, a signal with unknown
receivers, a management command), a project function that lies beyond the bounded
search, a library of unknown cost: the task may still be light, but reading does not
show it. Measured run times do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import cost_unknown
from migrator.classify.registry import Kind, criterion, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.UNKNOWN,
    summary="A call in the body could not be followed.",
    guidance="Import measured run times, or say `# migrate: light` with the reason.",
    example="""
    handler = getattr(handlers, f"on_{event.kind}")
    handler(event)
    """,
    is_measurable=True,
)
def unresolved_call(context: TaskContext) -> Iterator[Finding]:
    for reached in context.reach.functions:
        for call in reached.facts.calls:
            reason = cost_unknown(call, reached.facts, context.project)
            if reason:
                yield unknown(reason, call.location)
    for call in context.reach.cut_off:
        yield unknown(f"`{call.target}` lies too deep to be followed", call.location)
    if context.task.body is None:
        yield unknown("its body was not found", context.place)
