"""Registered by running code, or under a computed name.

A decorator that only remembers the function and registers it later (venusian, for one)
leaves a plain function behind, without `.delay`. A task that is made by
`app.task(function)` at run time, or whose name is an expression, can be told from
nothing that stands in the source. A name that is only probable leaves the task to a
person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.model import DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding, TaskWrapper


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
    elif (later := _registers_later(context)) is not None:
        text = f"registered when `{later.qualified_name}` is called, not here"
        yield veto(text, later.location)
    elif not task.name_is_certain:
        yield unknown(f"its name {task.name!r} is a guess", task.decorator)


def _registers_later(context: TaskContext) -> TaskWrapper | None:
    """The part of the task's wrapper that registers it at another time."""
    name = context.task.wrapper
    for wrapper in context.project.inventory.wrappers:
        is_part = wrapper.qualified_name.startswith(f"{name}.<locals>.")
        if name and is_part and wrapper.reason.startswith("decorates later"):
            return wrapper
    return None
