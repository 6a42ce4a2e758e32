"""Somebody revokes, inspects or terminates the task from outside.

`revoke` and `inspect` ask Celery's workers; about a task that runs elsewhere they would
answer "not running". Where the control call has an id of unknown origin, tasks whose id
is kept in the same module are taken to be meant; others are told without weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, note, unknown, veto
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

BY_ID = frozenset({"revoke", "terminate", "revoke_by_stamped_headers", ""})
ENQUEUED = (CallKind.DELAY, CallKind.APPLY_ASYNC, CallKind.DELAY_ON_COMMIT)


@criterion(
    Kind.VETO,
    summary="The task is revoked or controlled by its id.",
    guidance="Give the task a flag in the database that it reads itself.",
    example="""
    app.control.revoke(job.task_id, terminate=True)
    """,
)
def control_by_id(context: TaskContext) -> Iterator[Finding]:
    for site in context.called_as(CallKind.CONTROL):
        yield veto(f"controlled from outside: `{site.source}`", site.location)
    for site in context.does(CallKind.CONTROL):
        if site.task != context.task.name:
            yield unknown(f"talks to the workers: `{site.source}`", site.location)
    controls = [
        site
        for site in context.project.sites
        if site.kind is CallKind.CONTROL and site.task is None and site.detail in BY_ID
    ]
    for call in context.called_as(*ENQUEUED):
        if not controls or call.result_used == "discarded":
            continue
        near = [c for c in controls if c.location.path == call.location.path]
        if near:
            text = f"its id is kept here and revoked at {near[0].location}"
            yield veto(text, call.location)
        else:
            text = f"its id is kept; {controls[0].location} revokes by id"
            yield note(text, call.location)
