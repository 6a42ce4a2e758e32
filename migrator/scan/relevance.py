"""Which names can stand for a task at all: asked before a costly resolution."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.vocabulary import TASK_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from migrator.scan.facts import Binding, Chain, FileFacts
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 4  # of containers in containers
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
            self._roots[key] = any(mentions(one, self._names) for one in bindings)
        return self._roots[key]

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


def mentions(binding: Binding, names: AbstractSet[str]) -> bool:
    """Whether a name is imported as one of `names`, or set from one of them."""
    return any(word in names for word in words_in(binding))


def words_in(binding: Binding) -> Iterator[str]:
    """The names that a name is imported as or set from."""
    if binding.kind is BindingKind.IMPORT:
        yield binding.target.rpartition(".")[2]
    elif binding.value is not None:
        yield from _words(binding.value, 0)


def _words(node: ast.expr, depth: int) -> Iterator[str]:
    """The names that stand in the expression, a few levels down."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
    if isinstance(node, ast.Name) or depth > MAX_DEPTH:
        return
    if isinstance(node, ast.Call):
        inner = [node.func, *node.args]
    elif isinstance(node, ast.Dict):
        inner = node.values
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        inner = node.elts
    elif isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    else:
        inner = node.values if isinstance(node, ast.BoolOp) else []
    for one in inner:
        yield from _words(one, depth + 1)
