"""Registered by running code, or under a computed name.

A task that is made by `app.task(function)` at run time, or whose name is an expression,
can be told from nothing that stands in the source. A name that is only probable leaves
the task to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.model import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task is registered dynamically.",
    guidance="Write it as a decorated function with a name of its own.",
    example="""
    for name, function in HANDLERS.items():
        app.task(function, name=f"handlers.{name}")
    """,
)
def dynamic_registration(context: TaskContext) -> Iterator[Finding]:
    task = context.task
    if task.kind is DefinitionKind.CALL:
        yield veto(f"made by `{task.decorator_source}`", task.decorator)
    elif not task.name_is_certain:
        yield unknown(f"its name {task.name!r} is a guess", task.decorator)
