"""Members of a canvas wait for each other through Celery.

A chain hands one result to the next task, a chord counts the parts that are done, a
link starts another task when this one ends. The broker and the result backend keep that
state, so every member stays. A task that replaces itself with a canvas (`self.replace`,
`add_to_chord`) stays for the same reason. A task that only starts a canvas, or makes a
signature whose way could not be followed, is left to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import CallSite, Finding


@criterion(
    Kind.VETO,
    summary="The task is part of a chain, group, chord or link.",
    guidance="Keep the whole canvas on Celery, or write its steps as one function.",
    example="""
    chain(fetch.s(url), parse.s(), store.s()).delay()
    """,
)
def canvas_use(context: TaskContext) -> Iterator[Finding]:
    for site in context.called_as(CallKind.CANVAS, CallKind.LINK):
        word = site.detail or site.kind.value
        yield veto(f"member of a canvas ({word}): `{site.source}`", site.location)
    for site in context.does(CallKind.REPLACE):
        yield veto(f"replaces itself: `{site.source}`", site.location)
    for site in context.does(CallKind.CANVAS, CallKind.LINK):
        if site.task != context.task.name:
            yield unknown(f"starts a canvas: `{site.source}`", site.location)
    for site in context.called_as(CallKind.SIGNATURE):
        if site.result_used != "discarded" and not _is_scheduled(context, site):
            text = f"a signature is made and not followed: `{site.source}`"
            yield unknown(text, site.location)


def _is_scheduled(context: TaskContext, site: CallSite) -> bool:
    """`add_periodic_task(schedule, task.s())`: the signature is the schedule's."""
    return any(
        entry.location.path == site.location.path
        and entry.location.line <= site.location.line <= entry.end_line
        for entry in context.project.schedules_of_task.get(context.task.name, ())
    )
