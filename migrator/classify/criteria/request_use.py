"""`self.request` tells how Celery delivered the message.

Its id and the number of retries exist on every target. Delivery information, the
parent, the chord, the time limits, the host name and the headers do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

EVERYWHERE = frozenset({"id", "retries", "called_directly", "is_eager"})


@criterion(
    Kind.VETO,
    summary="The task reads more of its request than id and retries.",
    guidance="Pass what it needs as an argument.",
    example="""
    if self.request.delivery_info["redelivered"]: ...
    """,
)
def request_use(context: TaskContext) -> Iterator[Finding]:
    for reached in context.reach.functions:
        for name, location in reached.facts.request_attributes:
            if name not in EVERYWHERE:
                yield veto(f"reads self.request.{name}", location)
