"""Which names can stand for a task at all: asked before a costly resolution."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.vocabulary import TASK_METHODS

if TYPE_CHECKING:
    from migrator.scan.facts import Binding, Chain, FileFacts
    from migrator.scan.resolve import Resolver

RESULTS = TASK_METHODS | {"AsyncResult", "GroupResult", "ResultSet", "send_task"}


class Relevance:
    """Knows the names of all tasks; remembers what it has found for each scope."""

    def __init__(self, resolver: Resolver, names: set[str]) -> None:
        self._resolver = resolver
        self._names = names
        self._roots: dict[tuple[str, int, str], bool] = {}
        self._results: dict[tuple[str, int, str], bool] = {}

    def may_be_task(self, facts: FileFacts, scope: int, chain: Chain) -> bool:
        """False where no name on the way is one of a task or an alias of one."""
        if not self._names.isdisjoint(chain):
            return True
        key = (facts.path, scope, chain[0])
        if key not in self._roots:
            bindings, _ = self._resolver.lookup(facts, scope, chain[0])
            self._roots[key] = any(self._mentions(one) for one in bindings)
        return self._roots[key]

    def _mentions(self, binding: Binding) -> bool:
        if binding.kind is BindingKind.IMPORT:
            return binding.target.rpartition(".")[2] in self._names
        return binding.value is not None and any(
            getattr(node, "id", None) in self._names
            or getattr(node, "attr", None) in self._names
            for node in ast.walk(binding.value)
        )

    def may_be_result(self, facts: FileFacts, scope: int, chain: Chain) -> bool:
        """Whether the first name is set from a dispatch or an AsyncResult."""
        key = (facts.path, scope, chain[0])
        if key not in self._results:
            bindings, _ = self._resolver.lookup(facts, scope, chain[0])
            self._results[key] = any(_dispatches(one) for one in bindings)
        return self._results[key]


def _dispatches(binding: Binding) -> bool:
    return binding.value is not None and any(
        (getattr(node, "attr", None) or getattr(node, "id", None)) in RESULTS
        for node in ast.walk(binding.value)
    )
