"""A handful of callers, all of them in request handlers.

One to three calls from views: small work that a user does not wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal
from migrator.model import CallKind
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


FEW = 3
ENQUEUED = (CallKind.DELAY, CallKind.APPLY_ASYNC, CallKind.DELAY_ON_COMMIT)


@criterion(
    Kind.SIGNAL,
    summary="It has few callers, in request handlers.",
    guidance="",
    example="""
    @router.post("/{pk}/ping")
    def ping_now(pk: int):
        ping.delay(pk)
    """,
)
def few_callers(context: TaskContext) -> Iterator[Finding]:
    calls = list(context.called_as(*ENQUEUED))
    handlers = [call for call in calls if call.handler]
    if handlers and len(calls) <= FEW:
        text = f"{len(handlers)} of {counted(len(calls), 'call')} in request handlers"
        yield signal(text, handlers[0].location)
