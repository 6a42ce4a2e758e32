"""What a name stands for."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.scan.facts import MODULE_SCOPE

if TYPE_CHECKING:
    from migrator.scan.facts import Chain, Definition, FileFacts

NOWHERE = frozenset({"external", "unknown", "elsewhere"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a name stands for, and the attributes that could not be followed."""

    # external | elsewhere (a file of the project that is not read) | module |
    # definition | instance | value | parameter | builtin | element | opaque | unknown
    kind: str
    name: str  # dotted, as far as known
    facts: FileFacts | None = None
    definition: Definition | None = None
    expr: ast.expr | None = None
    scope: int = MODULE_SCOPE
    rest: Chain = ()

    @property
    def key(self) -> tuple[str, str]:
        """Identity of a definition: path and qualname."""
        if self.facts is None or self.definition is None:
            return ("", self.name)
        return (self.facts.path, self.definition.qualname)


def is_none(found: Found) -> bool:
    return isinstance(found.expr, ast.Constant) and found.expr.value is None


def distinct(found: list[Found]) -> list[Found]:
    if len(found) < 2:  # noqa: PLR2004 - one is always distinct
        return found
    seen: set[tuple[object, ...]] = set()
    kept: list[Found] = []
    for one in found:
        key = (one.kind, one.name, one.key, id(one.expr), one.rest)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept
