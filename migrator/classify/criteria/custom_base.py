"""A base class of one's own changes what a task is.

Its `__call__`, `apply_async`, `before_start`, `on_failure` and `on_success` run around
the body and around every call; they may open a tenant, defer to a commit or strip
arguments. What they do is not read here, so the task stays until somebody has. A class
that replaces `app.Task` touches every task of its app: then no task is called light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.model import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

PLAIN_BASES = frozenset({"Task", "celery.Task", "app.Task", "celery.app.task.Task"})


@criterion(
    Kind.VETO,
    summary="The task has a base class of its own.",
    guidance="Read the class's hooks; where they only log, say `# migrate: light`.",
    example="""
    @app.task(base=TenantTask)
    def close_month(tenant): ...
    """,
)
def custom_base(context: TaskContext) -> Iterator[Finding]:
    task = context.task
    if task.kind is DefinitionKind.CLASS:
        yield veto(f"a task class: {task.base or task.function}", task.location)
        return
    if task.base and task.base not in PLAIN_BASES:
        yield veto(f"base={task.base}: its hooks are not read", task.decorator)
    for app in context.project.inventory.apps:
        if app.task_class and app.task_class not in PLAIN_BASES:
            text = f"{app.variable} replaces the Task class with {app.task_class}"
            yield unknown(text, app.location)
