"""Tasks that a finish has made plain functions, from their record in migrate.toml.

The scan does not see them any more; the generated package still calls them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.errors import PlanError
from migrator.model import (
    DefinitionKind,
    Level,
    Location,
    Parameter,
    PlannedTask,
    TaskDefinition,
    Verdict,
)
from migrator.plan.manifest import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from migrator.plan.manifest import Manifest, Stanza

Function = ast.FunctionDef | ast.AsyncFunctionDef


def finished_tasks(
    manifest: Manifest, known: Collection[str], read: Callable[[str], bytes]
) -> tuple[PlannedTask, ...]:
    """A PlannedTask for each finished stanza whose task is none of the `known` ones.

    PlanError where the function is gone: its schedule would go without a word.
    """
    return tuple(
        _planned(stanza, read)
        for stanza in manifest.stanzas.values()
        if stanza.finished and not stanza.is_gone and stanza.name not in known
    )


def _planned(stanza: Stanza, read: Callable[[str], bytes]) -> PlannedTask:
    module, _, name = stanza.finished.rpartition(".")
    function = _function(stanza, name, read)
    place = Location(stanza.source, function.lineno)
    definition = TaskDefinition(
        name=stanza.name,
        function=name,
        qualified_name=stanza.finished,
        module=module,
        location=place,
        kind=DefinitionKind.LIGHT,
        decorator=place,
        decorator_source="",
        name_is_explicit=True,
        is_async=isinstance(function, ast.AsyncFunctionDef),
        parameters=parameters_of(function),
    )
    return PlannedTask(
        definition,
        Verdict(stanza.name, Level.LIGHT, 0),
        stanza.target,
        stanza.accept,
        stanza.options,
        callers=stanza.callers,
        is_finished=True,
    )


def _function(stanza: Stanza, name: str, read: Callable[[str], bytes]) -> Function:
    try:
        tree = ast.parse(read(stanza.source))
    except (OSError, SyntaxError, ValueError) as error:
        reason = f"{stanza.source or 'its file'} cannot be read: {error}"
        raise _gone(stanza, reason) from error
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name == name:
            return node
    raise _gone(stanza, f"there is no function {name} in {stanza.source}")


def _gone(stanza: Stanza, reason: str) -> PlanError:
    return PlanError(
        f"task {stanza.name} is finished, and {reason}",
        where=f"{FILE_NAME}:{stanza.line}",
        hint="Correct `source` and `finished` of the stanza; or, if the function is "
        "gone for good, delete the stanza and those of its schedules.",
    )


def parameters_of(function: Function) -> tuple[Parameter, ...]:
    """The parameters in the form of the scan, in their order."""
    given = function.args
    plain = [("positional-only", one) for one in given.posonlyargs]
    plain += [("positional", one) for one in given.args]
    defaults = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    found = [
        _parameter(one, kind, default)
        for (kind, one), default in zip(plain, defaults, strict=True)
    ]
    if given.vararg:
        found.append(_parameter(given.vararg, "var-positional", None))
    found += [
        _parameter(one, "keyword-only", default)
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        found.append(_parameter(given.kwarg, "var-keyword", None))
    return tuple(found)


def _parameter(one: ast.arg, kind: str, default: ast.expr | None) -> Parameter:
    return Parameter(
        one.arg,
        kind,
        ast.unparse(one.annotation) if one.annotation else "",
        ast.unparse(default) if default else None,
    )
