"""The state of a walk over one file, and how names and places are written down."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from migrator.model import Location
from migrator.scan.facts import (
    NO_FUNCTION,
    Binding,
    BindingKind,
    Chain,
    Definition,
    FileFacts,
    Given,
    Scope,
)

if TYPE_CHECKING:
    from migrator.scan.source import SourceText

MAX_SOURCE = 160  # characters of a shortened source line
# A literal longer than this is data, not configuration that has to be followed.
MAX_KEPT_LINES = 300


def flatten(node: ast.expr) -> tuple[Chain, bool]:
    """The names of a dotted expression, and whether it is nothing but names and dots.

    Calls and subscripts on the way are dropped: `a.b(1).c` is `("a", "b", "c")`, not
    plain. What is rooted in something else starts with `<kind>`.
    """
    if isinstance(node, ast.Name):
        return (node.id,), True
    names: list[str] = []
    plain = True
    while True:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Name):
            names.append(node.id)
            break
        elif isinstance(node, ast.Call):
            plain = False
            node = node.func
        elif isinstance(node, ast.Subscript | ast.Await):
            plain = False
            node = node.value
        else:
            plain = False
            names.append(_root(node))
            break
    names.reverse()
    return tuple(names), plain


def _root(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return type(node.value).__name__
    if isinstance(node, ast.JoinedStr):
        return "str"
    return f"<{type(node).__name__.lower()}>"


def one_line(source: str) -> str:
    """The source on one line, shortened."""
    text = " ".join(source.split()) if "\n" in source or "  " in source else source
    return text if len(text) <= MAX_SOURCE else text[: MAX_SOURCE - 1] + "…"


class Walker:
    """Where the walk stands: scope, function, loops, guards, and the call around."""

    def __init__(self, facts: FileFacts, source: SourceText) -> None:
        self.facts = facts
        self.source = source
        self.scope = 0
        self.function = NO_FUNCTION
        self.loops: list[str] = []
        self.guards: list[tuple[ast.expr | str, bool]] = []
        self.into = ""
        self.canvas = ""
        self.path: tuple[ast.expr | str | None, ...] = ()
        self.statement = "other"
        self.target: Chain = ()
        self.given: dict[int, Given] = {}  # by id of the node: whose argument it is
        self.aliases: dict[str, str] = {}  # of imports: local name, original name
        facts.scopes.append(Scope("module", "", -1))

    # ------------------------------------------------------------------ places

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler) -> Location:
        column = self.source.column(node.lineno, node.col_offset)
        return Location(self.facts.path, node.lineno, column)

    def text(self, node: ast.expr | ast.stmt) -> str:
        return one_line(self.source.of(node))

    def guard(self) -> str:
        """The conditions around, outermost first; what is no expression in words."""
        parts = [self._guard(test, holds=holds) for test, holds in self.guards]
        if len(parts) > 1:
            parts = [f"({text})" if " " in text else text for text in parts]
        return " and ".join(parts)

    def _guard(self, test: ast.expr | str, *, holds: bool) -> str:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self._guard(test.operand, holds=not holds)
        text = test if isinstance(test, str) else self.text(test)
        return text if holds else f"not ({text})"

    # ------------------------------------------------------------------ scopes

    def open_scope(self, kind: str, qualname: str) -> int:
        self.facts.scopes.append(Scope(kind, qualname, self.scope))
        return len(self.facts.scopes) - 1

    def bind(
        self,
        name: str,
        kind: BindingKind,
        line: int,
        *,
        target: str = "",
        value: ast.expr | None = None,
        scope: int = -1,
    ) -> None:
        """A name of the current scope (or `scope`); `value` belongs to the current."""
        where = self.scope if scope < 0 else scope
        binding = Binding(kind, line, self.scope, target, value)
        bindings = self.facts.scopes[where].bindings
        if name in bindings:
            bindings[name].append(binding)
        else:
            bindings[name] = [binding]

    @property
    def definition(self) -> Definition | None:
        return None if self.function < 0 else self.facts.definitions[self.function]

    def qualname(self, name: str) -> str:
        scope = self.facts.scopes[self.scope]
        while scope.kind == "inner":
            scope = self.facts.scopes[scope.parent]
        if scope.kind == "function":
            return f"{scope.qualname}.<locals>.{name}"
        return f"{scope.qualname}.{name}" if scope.qualname else name

    # --------------------------------------------------------------- shortcuts

    def kept(self, value: ast.expr | None) -> ast.expr | None:
        """The expression, where it may have to be followed."""
        if value is None:
            return None
        while isinstance(value, ast.Await):
            value = value.value
        long = (value.end_lineno or value.lineno) - value.lineno > MAX_KEPT_LINES
        return None if long or isinstance(value, NOT_FOLLOWED) else value

    def kept_locally(self, value: ast.expr, text: str) -> ast.expr | None:
        """The same for a local variable, of which there are a hundred thousand.

        What makes or sends a task is kept whole, names and small literals as well; of
        other calls only the callee.
        """
        if len(text) <= MAX_KEPT_TEXT or TASK_WORDS.search(text):
            return self.kept(value)
        while isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Name | ast.Attribute | ast.Subscript | ast.IfExp):
            return value
        if isinstance(value, ast.Call):
            callee = ast.Call(func=value.func, args=[], keywords=[])
            return ast.copy_location(callee, value)
        members: list[ast.expr] = []
        if isinstance(value, ast.List | ast.Tuple):
            members = value.elts
        elif isinstance(value, ast.Dict):
            members = value.values
        are_names = all(isinstance(one, ast.Name | ast.Attribute) for one in members)
        return value if members and are_names else None


MAX_KEPT_TEXT = 24
# What the source of a local value holds where it has to be kept whole.
TASK_WORDS = re.compile(
    r"\.s\(|\.si\(|ignature\(|ubtask\(|\.delay|apply_async|send_task|AsyncResult|tasks"
    r"|elery|partial\(|schedule|chain\(|group\(|chord\("
)
NOT_FOLLOWED = (
    ast.Compare,
    ast.Yield,
    ast.YieldFrom,
    ast.UnaryOp,
)
