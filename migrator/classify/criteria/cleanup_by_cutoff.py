"""It deletes or updates rows of a query in one statement.

`filter(...).delete()` outside of loops is the usual nightly cleanup. Over very large
tables it can still take long, which measured run times show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import is_delete
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It deletes by a condition.",
    guidance="",
    example="""
    Session.objects.filter(expires__lt=now()).delete()
    """,
)
def cleanup_by_cutoff(context: TaskContext) -> Iterator[Finding]:
    for call, depth in context.calls:
        if is_delete(call) and not depth:
            yield signal(f"deletes by a condition: `{call.target}`", call.location)
            return
