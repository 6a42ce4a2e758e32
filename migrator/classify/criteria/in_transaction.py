"""Called inside a transaction that has not been committed.

The worker may be quicker than the commit and not find the row. That is a fault today
already, and a quicker target makes it more frequent. Only callers whose body is known
are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


TRANSACTIONS = frozenset({"django.db.transaction.atomic"})


@criterion(
    Kind.SIGNAL,
    summary="It is enqueued before its caller's commit.",
    guidance="Use transaction.on_commit or delay_on_commit.",
    example="""
    with transaction.atomic():
        order.save()
        confirm.delay(order.pk)
    """,
)
def in_transaction(context: TaskContext) -> Iterator[Finding]:
    for site in context.called_as(CallKind.DELAY, CallKind.APPLY_ASYNC):
        facts = context.project.functions.get(site.enclosing)
        for call in facts.calls if facts else ():
            is_before = call.location.line < site.location.line
            if (
                call.target in TRANSACTIONS
                and is_before
                and "on_commit" not in site.source
            ):
                text = f"enqueued under the transaction of line {call.location.line}"
                yield signal(text, site.location)
                break
