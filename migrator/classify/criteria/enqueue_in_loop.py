"""One message for each element of a loop.

Whether the loop is dangerous is the business of `unbounded-fan-out`; that the broker
gets many messages from one run is a sign of batch work by itself. Loops that are small
by their source do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.bounds import Bound
from migrator.classify.fan_out import fan_outs
from migrator.classify.registry import Kind, criterion, signal
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="The task enqueues once for each element of an unlimited loop.",
    guidance="Enqueue one task with a list of ids, or limit the loop.",
    example="""
    for pk in pks:
        resize.delay(pk)
    """,
)
def enqueue_in_loop(context: TaskContext) -> Iterator[Finding]:
    for site, bound in fan_outs(context):
        if bound is not Bound.SMALL and site.kind is not CallKind.VALUE:
            text = f"enqueues for each of `{site.loop_iterates}`"
            yield signal(text, site.location)
