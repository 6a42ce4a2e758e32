"""A maker: one way to make a task, and how makers follow from others."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from migrator.model import DefinitionKind, Location
from migrator.scan.options import options_of
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.model import Option
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found

LIGHT_TASK = "light_task"


@dataclass(frozen=True, slots=True)
class Maker:
    """A way to make a task, and what it adds by itself."""

    kind: DefinitionKind
    app: str = ""  # source of the app expression
    wrapper: str = ""  # qualified name of the outermost project decorator
    wraps: str = ""  # what it ends in
    options: tuple[Option, ...] = ()
    has_spread: bool = False
    keeps_name: bool = True  # False: the wrapper hides the function's own name
    reason: str = ""
    key: tuple[str, str] = field(default=("", ""))  # identity of the wrapper


def is_light_task(found: Found) -> bool:
    """The shim's decorator, under whatever name the shim was vendored."""
    if found.definition is not None:
        return found.definition.name == LIGHT_TASK and not found.rest
    # A vendored copy is not scanned, so its names are not known here.
    is_foreign = found.kind in {"external", "elsewhere", "unknown"}
    last = [*found.name.split("."), *found.rest][-1]
    return is_foreign and last == LIGHT_TASK


def because(maker: Maker, reason: str) -> Maker:
    return replace(maker, reason=one_line(reason))


def with_call(maker: Maker, call: ast.Call, facts: FileFacts) -> Maker:
    """The maker with the keywords of a call: they go before those it has."""
    given, spread = options_of(facts, call.keywords)
    names = {option.name for option in given}
    kept = tuple(option for option in maker.options if option.name not in names)
    return replace(
        maker, options=(*given, *kept), has_spread=maker.has_spread or spread
    )


def receiver_of(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return one_line(ast.unparse(target.value))
    return one_line(ast.unparse(target))


def place_of(facts: FileFacts, node: ast.expr) -> Location:
    return Location(facts.path, node.lineno, node.col_offset)
