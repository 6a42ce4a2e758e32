"""A base class of one's own changes what a task is.

What overrides the calls (`apply_async`, `delay`, `retry` and the like) changes how the
task is sent: it stays, and so does a task whose base class could not be read, or that
is a class itself. A class that only wraps the body (`__call__`) or listens to its end
(`on_failure`, `on_success`, `after_return`, `before_start`) goes on working where
Celery's own machinery runs the body, and is lost where the body is called directly, as
a scheduled job may do: a person has to look. A class that replaces `app.Task` touches
every task of its app: then no task is called light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.classify.vocabulary import names
from migrator.model import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

PLAIN_BASES = frozenset({"Task", "celery.Task", "app.Task", "celery.app.task.Task"})
# Of other distributions; they open an application context around the body.
CONTEXT_BASES = frozenset({"AppContextTask", "RequestContextTask"})
SENDING = names("""
    apply apply_async AsyncResult chunks delay map replace Request retry run s si
    signature starmap Strategy subtask
    """)


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
        yield _of_base(context)
    for app in context.project.inventory.apps:
        if app.task_class and app.task_class not in PLAIN_BASES:
            text = f"{app.variable} replaces the Task class with {app.task_class}"
            yield unknown(text, app.location)


def _of_base(context: TaskContext) -> Finding:
    task = context.task
    place = task.decorator
    if task.base.rpartition(".")[2] in CONTEXT_BASES:
        return unknown(f"base={task.base} opens a context around the body", place)
    if task.base_defines is None:
        return veto(f"base={task.base} could not be read", place)
    overridden = [name for name in task.base_defines if name in SENDING]
    if overridden:
        return veto(f"base={task.base} overrides {', '.join(overridden)}", place)
    defined = ", ".join(task.base_defines) or "nothing"
    return unknown(f"base={task.base} defines {defined}", place)
