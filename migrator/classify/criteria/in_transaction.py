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
    from migrator.model import CallSite, Finding, FunctionFacts


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
        if facts is None or _waits_for_commit(site, facts):
            continue
        for call in facts.calls:
            is_before = call.location.line < site.location.line
            if call.target in TRANSACTIONS and is_before:
                text = f"enqueued after the transaction of line {call.location.line}"
                yield signal(f"{text} has begun", site.location)
                break


def _waits_for_commit(site: CallSite, facts: FunctionFacts) -> bool:
    """`on_commit(lambda: task.delay())`: a shortened source is given the benefit."""
    return any(
        call.target.endswith("on_commit")
        and (site.source in call.source or call.source.endswith("…"))
        for call in facts.calls
    )
