"""The task enqueues itself, directly or through others.

A batch that puts its own rest back into the queue runs until it is done; under
redelivery such a chain can double. It needs the queue it was written for. Calling
itself directly is recursion of unknown depth and counts the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, veto
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

STARTS = (
    CallKind.DELAY,
    CallKind.APPLY_ASYNC,
    CallKind.DELAY_ON_COMMIT,
    CallKind.SEND_TASK,
    CallKind.SIGNATURE,
    CallKind.CANVAS,
    CallKind.APPLY,
)


@criterion(
    Kind.VETO,
    summary="The task enqueues or calls itself.",
    guidance="Write the repetition as a loop with a limit, or keep it on Celery.",
    example="""
    @app.task
    def drain(cursor):
        nxt = work(cursor)
        if nxt:
            drain.delay(nxt)
    """,
)
def self_enqueue(context: TaskContext) -> Iterator[Finding]:
    own = context.task.name
    body = context.task.body.qualified_name if context.task.body else ""
    for site in context.inner_sites:
        if site.task != own:
            continue
        if site.kind in STARTS or context.project.is_enqueuing(site):
            yield veto(f"enqueues itself: `{site.source}`", site.location)
        elif site.kind is CallKind.DIRECT and site.enclosing == body:
            yield veto(f"calls itself: `{site.source}`", site.location)
    yield from _through_others(context)


def _through_others(context: TaskContext) -> Iterator[Finding]:
    own = context.task.name
    for site in context.enqueues:
        if site.task in {None, own}:
            continue
        way = context.project.way_between(site.task or "", own)
        if way:
            text = f"enqueues itself through {' -> '.join(way)}"
            yield veto(text, site.location)
            return
