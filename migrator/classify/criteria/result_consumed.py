"""Somebody waits for the result, or reads the task's state by its id.

`.get()` blocks until a worker has answered; a status page asks the result backend;
`update_state` reports progress to one. Such a task is a remote call, and a job without
a result cannot take its place. Where `AsyncResult(id)` stands in another module than
the calls that hand out an id, the two cannot be tied together by reading: this is told
without weight, because the shim goes on storing results where Celery does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, note, veto
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import CallSite, Finding

ENQUEUED = (CallKind.DELAY, CallKind.APPLY_ASYNC, CallKind.DELAY_ON_COMMIT)


@criterion(
    Kind.VETO,
    summary="The task's result or progress is read.",
    guidance="Store the answer in your own table and read it there, then move.",
    example="""
    answer = summarise.delay(text).get(timeout=30)
    """,
)
def result_consumed(context: TaskContext) -> Iterator[Finding]:
    for site in context.called_as(CallKind.RESULT):
        yield veto(f"its result is read: `{site.source}`", site.location)
    for site in context.does(CallKind.RESULT):
        if site.detail == "update_state" and site.task != context.task.name:
            yield veto(f"reports progress: `{site.source}`", site.location)
    readers = [s for s in context.project.sites if _reads_by_id(s)]
    if not readers:
        return
    yield from _readers_by_id(context, readers)
    started = context.option("track_started")
    if started is not None and started.value is True:
        text = "track_started is on and states are read by id"
        yield veto(text, context.task.decorator)


def _reads_by_id(site: CallSite) -> bool:
    return site.kind is CallKind.RESULT and site.task is None


def _readers_by_id(context: TaskContext, readers: list[CallSite]) -> Iterator[Finding]:
    for call in context.called_as(*ENQUEUED):
        if call.result_used == "discarded":
            continue
        near = [r for r in readers if r.location.path == call.location.path]
        if near:
            text = f"its id is handed out here and read at {near[0].location}"
            yield veto(text, call.location)
        else:
            text = f"its id is handed out; {readers[0].location} reads states by id"
            yield note(text, call.location)
