"""It goes over all rows, all pages, all files.

A loop over a query without a limit that does more than enqueue, or one without a
visible end, or one that makes requests. Loops over literals, constants, settings,
slices and limited queries do not count. A loop over what the caller passes, or over
what could not be read, is unknown where a round trip to a store or a service stands in
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.bounds import Bound
from migrator.classify.deeds import network_calls
from migrator.classify.limits import busy_loop, large_loops
from migrator.classify.registry import Kind, criterion, signal, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding, Loop

HOW_MANY = {Bound.QUERY: ", however many there are", Bound.ENDLESS: ", without an end"}


@criterion(
    Kind.SIGNAL,
    is_measurable=True,
    summary="It loops over something that may be large.",
    guidance="Work in batches with a limit.",
    example="""
    for invoice in Invoice.objects.all():
        invoice.recalculate()
    """,
)
def unbounded_loop(context: TaskContext) -> Iterator[Finding]:
    for loop, bound in large_loops(context):
        yield signal(_said(loop, bound), loop.location)
    if (busy := busy_loop(context)) is not None:
        text = f"a round trip for each of `{busy.iterates}`"
        yield unknown(f"{text}, and nothing tells how many", busy.location)
    for call, depth, _ in network_calls(context):
        if depth:
            yield signal(f"`{call.target}` in a loop", call.location)


def _said(loop: Loop, bound: Bound) -> str:
    if loop.kind == "while":
        return f"loops while `{loop.iterates}`"
    return f"loops over `{loop.iterates}`{HOW_MANY[bound]}"
