"""The walk over what runs only sometimes: the conditions that hold inside it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrator.scan.facts import BindingKind
from migrator.scan.walker import Walker, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMPOUND = (
    *(ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith),
    *(ast.For, ast.AsyncFor, ast.While, ast.Match),
)


class ConditionWalker(Walker):
    """Keeps `guards` while it visits branches; needs the visits of the others."""

    body: Callable[[Sequence[ast.stmt]], None]
    expression: Callable[[ast.expr, str], None]
    definition: Any
    at: Callable[..., Any]
    returns = 0  # `return` statements seen so far

    def condition(self, node: ast.If) -> None:
        self.expression(node.test, "value")
        self.guards.append((node.test, True))
        self.body(node.body)
        self.guards[-1] = (node.test, False)
        self.body(node.orelse)
        self.guards.pop()

    def chosen(self, node: ast.IfExp, use: str) -> None:
        """`a if test else b`."""
        self.expression(node.test, use)
        self.guards.append((node.test, True))
        self.expression(node.body, use)
        self.guards[-1] = (node.test, False)
        self.expression(node.orelse, use)
        self.guards.pop()

    def either(self, node: ast.BoolOp, use: str) -> None:
        """`a and b`, `a or b`: what follows depends on what stands before."""
        holds = isinstance(node.op, ast.And)
        for value in node.values:
            self.expression(value, use)
            self.guards.append((value, holds))
        del self.guards[-len(node.values) :]

    def try_block(self, node: ast.Try | ast.TryStar) -> None:
        passes = (f"line {node.lineno} raises nothing", True)
        self.guards.append(passes)
        self.body(node.body)
        for handler in node.handlers:
            self.guards[-1] = (f"line {node.lineno} raises an exception", True)
            self.handler(handler)
        self.guards[-1] = passes
        self.body(node.orelse)
        self.guards.pop()
        self.body(node.finalbody)

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.expression(node.type, "value")
        if self.definition is not None:
            types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            caught = tuple(flatten(kind)[0] for kind in types if kind is not None)
            self.definition.handlers.append((caught, self.at(node)))
        if node.name:
            self.bind(node.name, BindingKind.OPAQUE, node.lineno)
        self.body(node.body)

    def match(self, node: ast.Match) -> None:
        self.expression(node.subject, "value")
        for case in node.cases:
            self.opaque_pattern(case.pattern)
            if case.guard is not None:
                self.expression(case.guard, "value")
            self.guards.append((f"line {case.pattern.lineno} matches", True))
            self.body(case.body)
            self.guards.pop()

    def opaque_pattern(self, pattern: ast.pattern) -> None:
        for node in ast.walk(pattern):
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if isinstance(name, str):
                self.bind(name, BindingKind.OPAQUE, pattern.lineno)

    def after(self, statement: ast.stmt, returns: int) -> None:
        """What follows a statement with a `return` inside runs only sometimes.

        `returns` is how many were seen before it.
        """
        if self.returns == returns or not isinstance(statement, COMPOUND):
            return
        if isinstance(statement, ast.If) and _leaves(statement):
            self.guards.append((statement.test, False))
        else:
            self.guards.append((f"line {statement.lineno} does not return", True))


def _leaves(statement: ast.If) -> bool:
    """Whether its test alone decides that the function ends here."""
    return not statement.orelse and isinstance(statement.body[-1], ast.Return)
