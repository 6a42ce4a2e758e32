"""What a task's own base classes define: hooks, overrides and options."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.options import TASK_OPTIONS
from migrator.scan.vocabulary import TASK_CLASSES

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver


def defined_by_bases(
    resolver: Resolver, facts: FileFacts, scope: int, source: str
) -> tuple[str, ...] | None:
    """Names that the classes behind `base=<source>` define, in the project.

    None where one of them is not read: then nobody can say what it does.
    """
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    names: set[str] = set()
    starts = resolver.expression(facts, scope, node)
    if not starts:
        return None
    for start in starts:
        for found in (start, *resolver.bases_of(start)):
            if _is_celerys(found):
                continue
            if found.kind != "definition" or found.rest:
                return None
            names |= _defined_in(found)
    return tuple(sorted(names))


def _is_celerys(found: Found) -> bool:
    return found.name in TASK_CLASSES or found.rest == ("Task",)


def _defined_in(found: Found) -> set[str]:
    facts, definition = found.facts, found.definition
    if facts is None or definition is None or not definition.is_class:
        return set()
    prefix = f"{definition.qualname}."
    methods = {
        name.removeprefix(prefix)
        for name in facts.by_qualname
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }
    attributes = set(facts.scopes[definition.inner].bindings)
    return methods | (attributes & TASK_OPTIONS)
