"""Values that can be read from the source without running it."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Literal
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 12
MAX_POWER = 64
MAX_BASE = 1_000_000
MAX_TEXT = 10_000


def _power(left: Any, right: Any) -> object:
    """Small powers only: an exponent in the source may not cost us memory."""
    if abs(left) > MAX_BASE or abs(right) > MAX_POWER:
        raise OverflowError("too large a power")
    return left**right


OPERATORS: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}


class NotLiteralError(Exception):
    """The value depends on something that is only known at run time; says on what."""


def literal(node: ast.expr) -> Literal:
    """The value of a literal, arithmetic of numbers and joined strings included.

    Lists and sets become tuples. Raises NotLiteralError.
    """
    return LiteralReader().read(node)


def is_literal(node: ast.expr) -> tuple[Literal, bool]:
    """The value and True, or None and False."""
    try:
        return literal(node), True
    except NotLiteralError:
        return None, False


class LiteralReader:
    """Reads literals; with a resolver also the project's own constants."""

    def __init__(
        self,
        resolver: Resolver | None = None,
        facts: FileFacts | None = None,
        scope: int = 0,
        depth: int = 0,
        known: dict[str, str] | None = None,
    ) -> None:
        self._known = known or {}  # values of dotted names, by their source
        self._resolver = resolver
        self._facts = facts
        self._scope = scope
        self._depth = depth

    def read(self, node: ast.expr) -> Literal:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Tuple() | ast.List() | ast.Set():
                return tuple(self.read(element) for element in node.elts)
            case ast.Dict():
                return self._mapping(node)
            case ast.JoinedStr():
                return "".join(self._part(part) for part in node.values)
            case _:
                return self._computed(node)

    def _computed(self, node: ast.expr) -> Literal:
        match node:
            case ast.UnaryOp():
                return self._negative(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
            case _:
                return self._named(node)

    def _part(self, node: ast.expr) -> str:
        """A part of an f-string: text, or a plain value without a format."""
        if isinstance(node, ast.FormattedValue):
            value = self.read(node.value)
            if node.format_spec is None and isinstance(value, str | int):
                return str(value)
            raise NotLiteralError(_shown(node.value))
        return str(self.read(node))

    def _constant(self, node: ast.Constant) -> Literal:
        value = node.value
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise NotLiteralError(f"a constant of type {type(value).__name__}")

    def _mapping(self, node: ast.Dict) -> Literal:
        found: dict[str, Literal] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = None if key is None else self.read(key)
            if not isinstance(name, str):
                raise NotLiteralError("a mapping with keys that are no literal strings")
            found[name] = self.read(value)
        return found

    def _negative(self, node: ast.UnaryOp) -> Literal:
        value = self.read(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        if isinstance(node.op, ast.USub) and isinstance(value, int | float):
            return -value
        raise NotLiteralError(ast.unparse(node))

    def _arithmetic(self, node: ast.BinOp) -> Literal:
        left, right = self.read(node.left), self.read(node.right)
        compute = OPERATORS.get(type(node.op))
        if isinstance(node.op, ast.Mult | ast.Pow) and isinstance(left, str | tuple):
            raise NotLiteralError(ast.unparse(node))
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        texts = isinstance(left, str) and isinstance(right, str)
        joined = texts and isinstance(node.op, ast.Add)
        if compute is None or not (numbers or joined):
            raise NotLiteralError(ast.unparse(node))
        try:
            return compute(left, right)  # type: ignore[return-value]
        except ArithmeticError as error:
            raise NotLiteralError(f"{ast.unparse(node)}: {error}") from error

    def _call(self, node: ast.Call) -> Literal:
        """`tuple([...])`, `range(...)`, `int("5")` and the like, of literals."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in {"range", "tuple", "list", "set", "frozenset"} and not node.keywords:
            values = [self.read(argument) for argument in node.args]
            if name == "range" and all(isinstance(value, int) for value in values):
                numbers = range(*values)  # type: ignore[arg-type]
                if len(numbers) <= MAX_TEXT:
                    return tuple(numbers)
            elif len(values) == 1 and isinstance(values[0], tuple):
                return values[0]
        raise NotLiteralError(f"the result of {_shown(node)}")

    def _named(self, node: ast.expr) -> Literal:
        if self._known and (known := self._known.get(ast.unparse(node))) is not None:
            return known
        if self._resolver is None or self._facts is None or self._depth > MAX_DEPTH:
            raise NotLiteralError(_shown(node))
        if not isinstance(node, ast.Name | ast.Attribute):
            raise NotLiteralError(_shown(node))
        found = self._resolver.expression(self._facts, self._scope, node)
        if len(found) != 1:
            raise NotLiteralError(f"{_shown(node)}, which is set in several places")
        return self._found(found[0], node)

    def _found(self, found: Found, node: ast.expr) -> Literal:
        value_of = found.rest in {(), ("value",)}  # members of an Enum have .value
        if found.kind != "value" or found.expr is None or not value_of:
            raise NotLiteralError(_shown(node))
        reader = LiteralReader(
            self._resolver, found.facts, found.scope, self._depth + 1
        )
        try:
            return reader.read(found.expr)
        except NotLiteralError as error:
            raise NotLiteralError(f"{_shown(node)} = {error}") from error


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - one line
