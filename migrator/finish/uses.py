"""What still treats a function as a task, read in the files as they would be after."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from migrator.model import Location, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from migrator.model import TaskDefinition

# What a function has, and a reader may go on reading.
OF_FUNCTIONS = frozenset(dir(ast.parse)) | {"__wrapped__"}


def remaining_uses(
    definitions: Sequence[TaskDefinition],
    paths: Iterable[str],
    read: Callable[[str], bytes],
) -> list[Refusal]:
    """Reads of attributes that a plain function does not have: `f.name`, `f.request`.

    The scan records calls; this net is for the rest, and refuses rather than guesses.
    """
    names = {definition.function.encode() for definition in definitions}
    found: list[Refusal] = []
    for path in paths:
        if not path.endswith(".py"):
            continue
        data = read(path)
        if any(name in data for name in names):
            found += _in_file(path, data, definitions)
    return found


def _in_file(
    path: str, data: bytes, definitions: Sequence[TaskDefinition]
) -> list[Refusal]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return []  # such a file is named by the scan, and nothing is finished
    return [
        Refusal(definition.name, Location(path, line), reason)
        for definition in definitions
        for line, reason in _uses(tree, path, definition)
    ]


def _uses(
    tree: ast.Module, path: str, definition: TaskDefinition
) -> Iterator[tuple[int, str]]:
    own = path == definition.location.path
    names = set(imported_names(tree, definition.module, definition.function))
    names |= {definition.function} if own else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr not in OF_FUNCTIONS:
            value = node.value
            is_it = isinstance(value, ast.Name) and value.id in names
            is_member = (
                isinstance(value, ast.Attribute) and value.attr == definition.function
            )
            if is_it or is_member:
                yield node.lineno, f"`{ast.unparse(node)}` is read of it"
        elif own and _is_definition(node, definition) and _asks_current_task(node):
            yield node.lineno, "its body asks for current_task"


def _is_definition(
    node: ast.AST, definition: TaskDefinition
) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == definition.function
    )


def imported_names(tree: ast.Module, module: str, function: str) -> Iterator[str]:
    """What the function is called in a file that imports it from a like module."""
    tail = module.rpartition(".")[2]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if (node.module or "").rpartition(".")[2] in {"", tail} or node.level:
            for alias in node.names:
                if alias.name == function:
                    yield alias.asname or alias.name


def _asks_current_task(function: ast.AST) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == "current_task")
        or (isinstance(node, ast.Attribute) and node.attr == "current_task")
        for node in ast.walk(function)
    )
