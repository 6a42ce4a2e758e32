"""Every finished task is a function with the parameters it had, and is called still."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import CallKind, Location
from migrator.verify.result import Check, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import CallSite, Parameter, PlannedTask
    from migrator.verify.comparison import Comparison

CALLS = frozenset({CallKind.DELAY, CallKind.APPLY_ASYNC, CallKind.DIRECT})


def check(compared: Comparison) -> Check:
    """Finished tasks whose signature changed, and callers that do not name them."""
    finished = [task for task in compared.plan.tasks if task.is_finished]
    before = {task.name: task for task in compared.before.tasks}
    problems: list[Problem] = []
    for task in finished:
        definition = task.definition
        known = before.get(definition.name)
        if known and _plain(known.parameters) != _plain(definition.parameters):
            text = f"the parameters of {definition.function} are not those it had"
            problems.append(Problem(text, definition.location))
        problems += _lost_callers(compared, task)
    facts = f"{len(finished)} finished tasks"
    return Check("finished", facts, tuple(problems))


def _plain(parameters: tuple[Parameter, ...]) -> list[tuple[str, str, str | None]]:
    """What a caller depends on; a default as Python itself would write it."""
    return [
        (one.name, one.kind, one.default and ast.unparse(ast.parse(one.default)))
        for one in parameters
    ]


def _lost_callers(compared: Comparison, task: PlannedTask) -> Iterator[Problem]:
    name = task.definition.name
    sites = [
        site
        for site in compared.before.call_sites
        if site.task == name and site.kind in CALLS
    ]
    for site in sites:
        if not _names(compared, site, task.definition.function):
            text = f"the call of {name} in {site.enclosing} is gone: {site.source}"
            yield Problem(text, Location(site.location.path, 1))


def _names(compared: Comparison, site: CallSite, function: str) -> bool:
    """Whether the file of a former call names the function still, under any alias."""
    try:
        tree = ast.parse(compared.project.read(site.location.path))
    except (OSError, SyntaxError, ValueError):
        return False
    aliases = {function} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == function and alias.asname
    }
    enclosing = site.enclosing.rpartition(".")[2]
    return any(
        (isinstance(inner, ast.Name) and inner.id in aliases)
        or (isinstance(inner, ast.Attribute) and inner.attr == function)
        for node in _places(tree, enclosing)
        for inner in ast.walk(node)
    )


def _places(tree: ast.Module, enclosing: str) -> list[ast.AST]:
    """The functions or classes of the name; the module where there is none."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found: list[ast.AST] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.name == enclosing
    ]
    return found or [tree]
