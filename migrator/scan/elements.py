"""What a part of a value may be: the target of a loop, or a name in a tuple."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.found import Found, distinct, is_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.scan.facts import Binding, FileFacts
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 24
VALUES = "1"  # their position in the pairs of `.items()` and `enumerate()`


def elements(
    resolver: Resolver, facts: FileFacts, name: str, binding: Binding, depth: int
) -> list[Found]:
    """All members, or one `element` where they are known only at run time."""
    value, scope = binding.value, binding.scope
    assert value is not None  # noqa: S101 - told to the type checker
    members = _members(resolver, facts, scope, value, binding.target, depth)
    if members is None:
        return [Found("element", name, facts, None, value, scope)]
    return members


def items(
    resolver: Resolver, facts: FileFacts, name: str, binding: Binding, depth: int
) -> list[Found]:
    """What a function of the project gives back at a place of a tuple."""
    call, position = binding.value, int(binding.target)
    assert isinstance(call, ast.Call)  # noqa: S101 - told to the type checker
    unseen = [Found("opaque", name, facts, None, None, binding.scope)]
    if depth > MAX_DEPTH:
        return unseen
    found: list[Found] = []
    for callee in resolver.expression(facts, binding.scope, call.func, depth + 1):
        definition = callee.definition
        if definition is None or callee.facts is None or definition.is_class:
            return unseen
        if callee.rest or definition.yields:
            return unseen
        for returned in definition.returns:
            if not isinstance(returned, ast.Tuple) or position >= len(returned.elts):
                return unseen
            chosen = returned.elts[position]
            inner = definition.inner
            found += resolver.expression(callee.facts, inner, chosen, depth + 1)
    useful = [one for one in found if not is_none(one)]
    return distinct(useful) or unseen


def _members(
    resolver: Resolver,
    facts: FileFacts,
    scope: int,
    iterable: ast.expr,
    position: str,
    depth: int,
) -> list[Found] | None:
    if depth > MAX_DEPTH:
        return None
    inner = _counted(iterable) if position == VALUES else None
    if inner is not None:
        return _members(resolver, facts, scope, inner, "", depth + 1)
    found: list[Found] = []
    for one in resolver.expression(facts, scope, iterable, depth + 1):
        members = _members_of(resolver, one, position, depth + 1)
        if members is None:
            return None
        found += members
    return distinct(found)


def _counted(iterable: ast.expr) -> ast.expr | None:
    """The argument of `enumerate()`."""
    if not isinstance(iterable, ast.Call) or not isinstance(iterable.func, ast.Name):
        return None
    is_count = iterable.func.id == "enumerate" and iterable.args
    return iterable.args[0] if is_count else None


def _members_of(
    resolver: Resolver, found: Found, position: str, depth: int
) -> list[Found] | None:
    """Of a literal, a comprehension, a dict's view, or a project's generator."""
    literal, facts = found.expr, found.facts
    if facts is None or found.rest or depth > MAX_DEPTH:
        return None
    if isinstance(literal, ast.Tuple | ast.List | ast.Set):
        return _several(resolver, found, literal.elts, position, depth)
    if isinstance(literal, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return _several(resolver, found, [literal.elt], position, depth)
    if isinstance(literal, ast.Call):
        return _given_back(resolver, found, literal, position, depth)
    return None


def _given_back(
    resolver: Resolver, around: Found, call: ast.Call, position: str, depth: int
) -> list[Found] | None:
    """Of a dict's view, or of a project's generator."""
    assert around.facts is not None  # noqa: S101 - checked by the caller
    if isinstance(call.func, ast.Attribute) and not call.args:
        view = (call.func.attr, position)
        if view in {("items", VALUES), ("values", "")}:
            return _dict_values(resolver, around, call.func.value, depth)
    members: list[Found] = []
    for callee in resolver.expression(around.facts, around.scope, call.func, depth):
        definition = callee.definition
        if definition is None or callee.facts is None or not definition.yields:
            return None
        within = Found("value", "", callee.facts, scope=definition.inner)
        yielded = _several(resolver, within, definition.yields, position, depth)
        if yielded is None:
            return None
        members += yielded
    return members or None


def _several(
    resolver: Resolver,
    around: Found,
    nodes: Sequence[ast.expr],
    position: str,
    depth: int,
) -> list[Found] | None:
    """What expressions stand for, or the items at a position of the tuples they are."""
    assert around.facts is not None  # noqa: S101 - checked by the caller
    found: list[Found] = []
    for node in nodes:
        chosen: ast.expr = node
        if position:
            if not isinstance(node, ast.Tuple | ast.List):
                return None
            if int(position) >= len(node.elts):
                return None
            chosen = node.elts[int(position)]
        found += resolver.expression(around.facts, around.scope, chosen, depth + 1)
    return distinct(found)


def _dict_values(
    resolver: Resolver, around: Found, node: ast.expr, depth: int
) -> list[Found] | None:
    assert around.facts is not None  # noqa: S101 - checked by the caller
    found: list[Found] = []
    for one in resolver.expression(around.facts, around.scope, node, depth + 1):
        literal = one.expr
        if not isinstance(literal, ast.Dict) or one.facts is None or one.rest:
            return None
        if None in literal.keys:  # `**other`: not all can be seen
            return None
        values = _several(resolver, one, literal.values, "", depth)
        found += values or []
    return found or None
