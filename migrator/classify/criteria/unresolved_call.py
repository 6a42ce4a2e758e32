"""Something in the body could not be followed.

A call that is looked up at run time (`getattr`, a registry, a signal with unknown
receivers, a management command), a project function that lies beyond the bounded
search, a library of unknown cost: the task may still be light, but reading does not
show it. Measured run times do.
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
    summary="A call in the body could not be followed.",
    guidance="Import measured run times, or say `# migrate: light` with the reason.",
    example="""
    handler = getattr(handlers, f"on_{event.kind}")
    handler(event)
    """,
    is_measurable=True,
)
def unresolved_call(context: TaskContext) -> Iterator[Finding]:
    for reason, location in context.unknown_costs:
        yield unknown(reason, location)
