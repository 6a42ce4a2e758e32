"""Little code, all of it read.

At most 25 statements of its own, at most 60 with everything it calls in the project,
and no loop over a query, a file or without an end. The length of the task alone would
say nothing: three lines can start an hour of work. So everything within reach counts,
and what sleeps, computes or expects to take minutes is not small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import is_costly
from migrator.classify.limits import LONG, busy_loop, large_loops, literal_limits
from migrator.classify.registry import Kind, criterion, signal
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


OWN = 25
ALL = 60


@criterion(
    Kind.SIGNAL,
    summary="It does little, and all of it could be read.",
    guidance="",
    example="""
    @app.task
    def forget(token):
        Token.objects.filter(key=token).delete()
    """,
)
def short_body(context: TaskContext) -> Iterator[Finding]:
    body = context.task.body
    if body is None or body.statements > OWN or context.reach.statements > ALL:
        return
    if context.reach.cut_off or any(large_loops(context)) or busy_loop(context):
        return
    if any(literal for literal in literal_limits(context) if literal[1] >= LONG):
        return
    if any(is_costly(call) for call, _ in context.calls):
        return
    text = f"{counted(context.reach.statements, 'statement')} in all, no large loop"
    yield signal(text, context.place)
