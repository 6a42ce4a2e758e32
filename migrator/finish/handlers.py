"""Who calls a request handler by hand: it is about to get a parameter from FastAPI."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.finish.callers import SENDING
from migrator.finish.uses import imported_names
from migrator.model import Callers, Location, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from migrator.model import Inventory, Plan


def handler_calls(
    inventory: Inventory,
    plan: Plan,
    finishing: Collection[str],
    paths: Iterable[str],
    read: Callable[[str], bytes],
) -> list[Refusal]:
    """Plain calls of handlers that get a parameter from FastAPI, and not from these."""
    background = {
        task.definition.name
        for task in plan.tasks
        if task.callers is Callers.BACKGROUND and task.definition.name in finishing
    }
    handlers = {
        site.enclosing: site.task
        for site in inventory.call_sites
        if site.task in background and not site.in_tests and site.kind in SENDING
    }
    found: list[Refusal] = []
    for path in paths if handlers else ():
        if path.endswith(".py"):
            found += _handlers_called(path, read(path), handlers)
    return found


def _handlers_called(
    path: str, data: bytes, handlers: Mapping[str, str | None]
) -> Iterator[Refusal]:
    wanted = {
        handler: task
        for handler, task in handlers.items()
        if handler.rpartition(".")[2].encode() in data
    }
    if not wanted:
        return
    tree = ast.parse(data)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for handler, task in wanted.items():
        module, _, name = handler.rpartition(".")
        tail = module.rpartition(".")[2]
        names = set(imported_names(tree, module, name))
        if path.endswith((f"{tail}.py", f"{tail}/__init__.py")):
            names.add(name)
        for call in calls:
            function = call.func
            is_it = isinstance(function, ast.Name) and function.id in names
            is_member = (
                isinstance(function, ast.Attribute)
                and function.attr == name
                and ast.unparse(function.value).rpartition(".")[2] == tail
            )
            if is_it or is_member:
                reason = f"its handler {name}, which gets a parameter, is called here"
                yield Refusal(task or "", Location(path, call.lineno), reason)
