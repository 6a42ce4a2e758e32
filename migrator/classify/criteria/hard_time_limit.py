"""A hard time limit kills the process that runs the task.

A worker child may be killed; a thread of the runner may not. A scheduled job has a
timeout of its own and a CronJob a deadline, so only a task that is called on demand is
left to a person: mostly the limit can go once the calls inside have timeouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown

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
    option = context.option("time_limit")
    if option is None or not option.is_literal or option.value is None:
        return
    if not context.schedules:
        text = f"time_limit={option.source} cannot be kept without a process"
        yield unknown(text, context.task.decorator)
