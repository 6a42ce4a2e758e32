"""Signatures that are put into a list or a variable which a canvas is made of."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.vocabulary import CANVAS, SIGNATURE_METHODS
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts
    from migrator.scan.resolve import Resolver

ADDING = frozenset({"append", "extend", "insert", "add"})


class CollectedSignatures:
    """Finds, for one file, the places of signatures that end in a canvas."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def of(self, facts: FileFacts) -> dict[tuple[int, int], str]:
        """Line and column of each such call, with the canvas that it ends in."""
        variables: dict[tuple[int, str], str] = {}
        for reference in facts.references:
            if reference.canvas and len(reference.chain) == 1:
                name = reference.chain[0]
                _, where = self._resolver.lookup(facts, reference.scope, name)
                variables[where, name] = reference.canvas
        found: dict[tuple[int, int], str] = {}
        for (scope, name), canvas in variables.items():
            if scope < 0:
                continue
            for binding in facts.scopes[scope].bindings.get(name, ()):
                if binding.value is not None:
                    found |= dict.fromkeys(_signatures(binding.value), canvas)
        return found | self._added(facts, variables)

    def _added(
        self, facts: FileFacts, variables: dict[tuple[int, str], str]
    ) -> dict[tuple[int, int], str]:
        """`steps.append(task.s())`."""
        found: dict[tuple[int, int], str] = {}
        names = {name for _, name in variables}
        for call in facts.calls:
            variable, _, method = call.into.rpartition(".")
            if method not in ADDING or variable not in names:
                continue
            if call.chain[-1] in SIGNATURE_METHODS:
                _, where = self._resolver.lookup(facts, call.scope, variable)
                canvas = variables.get((where, variable), "")
                if canvas:
                    found[call.line, call.column] = canvas
        return found


def given_members(
    resolver: Resolver, facts: FileFacts, scope: int, canvas: ast.expr
) -> list[str]:
    """Parameters that the members of a canvas come in by: their caller decides."""
    names: list[str] = []
    for member in canvas.args if isinstance(canvas, ast.Call) else ():
        inner = member.value if isinstance(member, ast.Starred) else member
        if isinstance(inner, ast.Call) and flatten(inner.func)[0][-1] in CANVAS:
            names += given_members(resolver, facts, scope, inner)
        if not isinstance(inner, ast.Name):
            continue
        bindings, _ = resolver.lookup(facts, scope, inner.id)
        if bindings and all(one.kind is BindingKind.PARAMETER for one in bindings):
            names.append(inner.id)
    return names


def _signatures(value: ast.expr) -> list[tuple[int, int]]:
    return [
        (node.lineno, node.col_offset)
        for node in ast.walk(value)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in SIGNATURE_METHODS
    ]
