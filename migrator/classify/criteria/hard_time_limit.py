"""A hard time limit kills the process that runs the task.

A worker child may be killed; a thread of the runner may not. A scheduled job has a
timeout of its own and a CronJob a deadline, so only a task that is called on demand is
left to a person: mostly the limit can go once the calls inside have timeouts. A limit
for the whole app is a safety net and no statement about this task: it is told, without
weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, note, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.UNKNOWN,
    summary="The task has a hard time limit and is called on demand.",
    guidance="Give the calls inside timeouts and drop the limit.",
    example="""
    @app.task(time_limit=20)
    def ping(host): ...
    """,
)
def hard_time_limit(context: TaskContext) -> Iterator[Finding]:
    if context.schedules:
        return
    option = context.option("time_limit")
    if option is not None:
        if option.is_literal and option.value is not None:
            text = f"time_limit={option.source} cannot be kept without a process"
            yield unknown(text, context.task.decorator)
        return
    setting = context.project.settings.get("task_time_limit")
    if setting is not None and not (setting.is_literal and setting.value is None):
        text = f"task_time_limit = {setting.source} holds for workers only"
        yield note(text, setting.location)
