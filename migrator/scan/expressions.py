"""The walk over expressions: calls, references and mappings that are schedules."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from migrator.model import Loop
from migrator.scan.arguments import note_arguments
from migrator.scan.entries import EXAMPLES, EntryWalker
from migrator.scan.facts import (
    BindingKind,
    CallFact,
    NameFact,
    ReferenceFact,
)
from migrator.scan.vocabulary import (
    CANVAS,
    DISPATCH,
    DOTTED_NAME,
    KEPT_CALLS,
    LINKS,
    TASK_METHODS,
)
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.scan.facts import Chain, FileFacts
    from migrator.scan.source import SourceText

# Containers whose members are used as the container itself is.
TRANSPARENT = (ast.Tuple, ast.List, ast.Set, ast.Starred, ast.IfExp, ast.BoolOp)
# What stands in the tree beside values.
NO_VALUES = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
# Settings that name tasks without sending them: task_routes, CELERY_ANNOTATIONS.
NO_SENDING = re.compile(r"(?:routes|annotations)$", re.IGNORECASE)
# Calls of a callable later on: what a lambda among their arguments gives is dropped.
UPDATES = frozenset({"update", "setdefault", "append", "extend", "update_or_create"})


class ExpressionWalker(EntryWalker):
    """Visits expressions; `use` says what becomes of the value."""

    def __init__(self, facts: FileFacts, source: SourceText) -> None:
        super().__init__(facts, source)
        self.expressions: dict[type[ast.AST], Callable[[Any, str], None]] = {
            ast.Call: self.call,
            ast.Name: self.name,
            ast.Attribute: self.attribute,
            ast.Lambda: self.function_literal,
            ast.Dict: self.mapping,
            ast.List: self.sequence,
            ast.ListComp: self.comprehension,
            ast.SetComp: self.comprehension,
            ast.GeneratorExp: self.comprehension,
            ast.DictComp: self.comprehension,
            ast.NamedExpr: self.named,
            ast.Await: self.awaited,
            ast.BinOp: self.operation,
            ast.Yield: self.yielded,
            ast.YieldFrom: self.yielded,
            ast.Constant: self.constant,
        }

    def expression(self, node: ast.expr, use: str) -> None:
        handler = self.expressions.get(type(node))
        if handler is not None:
            handler(node, use)
        else:
            inner = use if isinstance(node, TRANSPARENT) else "value"
            self.children(node, inner)

    def children(self, node: ast.AST, use: str) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.expr):
                    self.expression(child, use)
                elif isinstance(child, ast.AST) and not isinstance(child, NO_VALUES):
                    self.children(child, use)

    def all(self, nodes: Iterable[ast.expr | None], use: str) -> None:
        for node in nodes:
            if node is not None:
                self.expression(node, use)

    def constant(self, node: ast.Constant, use: str) -> None:
        """A string given to a call, or kept in data, may be the name of a task."""
        value = node.value
        if not isinstance(value, str) or not (use == "argument" or self.path):
            return
        if self.is_example():
            return
        is_data = use != "argument"
        if is_data and self.target and NO_SENDING.search(self.target[-1]):
            return
        is_task = is_data and _is_key(self.path[-1], "task")
        if DOTTED_NAME.fullmatch(value) or is_task:
            column = self.source.column(node.lineno, node.col_offset)
            self.facts.names.append(
                NameFact(
                    value,
                    self.scope,
                    self.function,
                    node.lineno,
                    column,
                    "" if is_data else self.into,
                    len(self.loops),
                )
            )

    # ------------------------------------------------------------------- calls

    def call(self, node: ast.Call, use: str) -> None:
        chain, plain = flatten(node.func)
        last = chain[-1]
        self.record_call(node, chain, plain=plain, use=use)
        if last == "dict":
            self.entry_call(node)
        if last in UPDATES and len(chain) > 1:
            self.facts.grown.add(chain[-2])
        self.spine(node.func)
        outer = (self.into, self.canvas, self.path)
        self.into = ".".join(chain)
        self.canvas = self.canvas_around(chain, last)
        inner = "discarded" if "on_commit" in last else "argument"
        note_arguments(self.given, node, len(self.facts.calls) - 1)
        for argument in node.args:
            self.expression(argument, inner)
        for keyword in node.keywords:
            self.keyword(keyword, inner, chain)
        self.into, self.canvas, self.path = outer

    def canvas_around(self, chain: Chain, last: str) -> str:
        """What the arguments of a call are members of."""
        known = self.aliases.get(last, last) if len(chain) == 1 else last
        if known in CANVAS or (known in LINKS and len(chain) > 1):
            return known
        return "" if last in TASK_METHODS else self.canvas

    def keyword(self, keyword: ast.keyword, use: str, chain: Chain) -> None:
        name = keyword.arg or ""
        canvas, path = self.canvas, self.path
        if name in {"link", "link_error"}:
            self.canvas = name
        if chain[-1] in {"dict", "update"} or name in EXAMPLES:
            self.path = (*path, name)
        self.expression(keyword.value, use)
        self.canvas, self.path = canvas, path

    def record_call(
        self, node: ast.Call, chain: Chain, *, plain: bool, use: str
    ) -> None:
        last = chain[-1]
        known = self.aliases.get(last, last) if len(chain) == 1 else last
        is_known = known in KEPT_CALLS or known.endswith("Celery")
        kept = is_known or self.is_kept(node, chain)
        if kept:
            self.keep_texts(node)
        self.facts.calls.append(
            CallFact(
                chain=chain,
                is_plain=plain,
                node=node if kept else None,
                scope=self.scope,
                function=self.function,
                line=node.lineno,
                column=self.source.column(node.lineno, node.col_offset),
                source=self.text(node),
                loop_depth=len(self.loops),
                loop_iterates=self.loops[-1] if self.loops else "",
                use=use,
                into=self.into,
                canvas=self.canvas,
                keywords=tuple(word.arg or "**" for word in node.keywords),
                positional=len(node.args),
                guard=self.guard() if kept and self.guards else "",
            )
        )

    def is_kept(self, node: ast.Call, chain: Chain) -> bool:
        last, before = chain[-1], chain[-2] if len(chain) > 1 else ""
        if last in UPDATES:
            about = before.lower()
            return any(word in about for word in ("conf", "beat", "schedule", "celery"))
        if last in {"object", "dict"}:  # patch.object, patch.dict
            return before == "patch"
        # `x.delay(...).get()`: the receiver is looked into.
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return (
            isinstance(inner, ast.Call) and flatten(inner.func)[0][-1] in TASK_METHODS
        )

    def spine(self, node: ast.expr) -> None:
        """What a callee is made of, apart from its own names."""
        while isinstance(node, ast.Attribute):
            node = node.value
        if isinstance(node, ast.Subscript):
            self.expression(node.slice, "value")
            self.spine(node.value)
        elif not isinstance(node, ast.Name):
            self.expression(node, "value")

    # -------------------------------------------------------------- references

    def name(self, node: ast.Name, use: str) -> None:
        if isinstance(node.ctx, ast.Load):
            self.record_reference(node, (node.id,), None, use)

    def attribute(self, node: ast.Attribute, use: str) -> None:
        chain, plain = flatten(node)
        self.request_attribute(chain, node)
        if plain:
            self.record_reference(node, chain, None, use)
            return
        if node.attr in DISPATCH:
            self.record_reference(node, chain, node, use)
        self.spine(node)

    def record_reference(
        self, node: ast.expr, chain: Chain, kept: ast.expr | None, use: str
    ) -> None:
        self.facts.references.append(
            ReferenceFact(
                chain=chain,
                scope=self.scope,
                function=self.function,
                line=node.lineno,
                column=self.source.column(node.lineno, node.col_offset),
                source="",
                loop_depth=len(self.loops),
                loop_iterates=self.loops[-1] if self.loops else "",
                use=use,
                into=self.into,
                canvas=self.canvas,
                node=kept,
                given=self.given.pop(id(node), None),
            )
        )

    def request_attribute(self, chain: Chain, node: ast.expr) -> None:
        definition = self.definition
        if definition is not None and len(chain) > 2 and chain[1] == "request":  # noqa: PLR2004 - self.request.<name>
            definition.request_attributes.append((chain[2], self.at(node)))

    # ------------------------------------------------------- functions, loops

    def function_literal(self, node: ast.Lambda, use: str) -> None:
        outer = self.scope
        self.all([*node.args.defaults, *node.args.kw_defaults], "value")
        self.scope = self.open_scope("inner", self.facts.scopes[outer].qualname)
        arguments = node.args
        for argument in (
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            *filter(None, (arguments.vararg, arguments.kwarg)),
        ):
            self.bind(argument.arg, BindingKind.PARAMETER, node.lineno)
        self.expression(node.body, "returned" if use == "assigned" else "discarded")
        self.scope = outer

    def comprehension(self, node: Any, use: str) -> None:
        outer = self.scope
        inner = self.open_scope("inner", self.facts.scopes[outer].qualname)
        self.loops_seen(node)
        added = 0
        for generator in node.generators:
            self.expression(generator.iter, "value")
            self.scope = inner
            self.element(generator.target, generator.iter)
            self.loops.append(self.text(generator.iter))
            added += 1
            self.all(generator.ifs, "value")
        if isinstance(node, ast.DictComp):
            self.all([node.key, node.value], use)
        else:
            self.expression(node.elt, use)
        del self.loops[len(self.loops) - added :]
        self.scope = outer

    def loops_seen(self, node: Any) -> None:
        definition = self.definition
        if definition is None:
            return
        for generator in node.generators:
            iterates = self.text(generator.iter)
            definition.loops.append(Loop(self.at(node), "comprehension", iterates))

    def element(self, target: ast.expr, iterable: ast.expr) -> None:
        """The target of a loop: names are followed, anything else is opaque."""
        parts = target.elts if isinstance(target, ast.Tuple) else []
        for position, one in enumerate(parts or [target]):
            if not isinstance(one, ast.Name):
                self.opaque(one)
                continue
            kind, place = BindingKind.ELEMENT, str(position) if parts else ""
            value = self.kept(iterable)
            self.bind(one.id, kind, one.lineno, target=place, value=value)

    def opaque(self, target: ast.AST) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bind(node.id, BindingKind.OPAQUE, node.lineno)

    def named(self, node: ast.NamedExpr, use: str) -> None:
        value = self.kept(node.value)
        kind = BindingKind.OPAQUE if value is None else BindingKind.VALUE
        self.bind(node.target.id, kind, node.lineno, value=value)
        self.expression(node.value, "assigned" if use == "discarded" else use)

    def awaited(self, node: ast.Await, use: str) -> None:
        self.expression(node.value, use)

    def yielded(self, node: Any, use: str) -> None:
        del use
        if self.definition is not None:
            self.definition.is_generator = True
            if isinstance(node, ast.Yield) and (kept := self.kept(node.value)):
                self.definition.yields.append(kept)
        if node.value is not None:
            self.expression(node.value, "returned")

    def operation(self, node: ast.BinOp, use: str) -> None:
        """Operators: a long sum is walked without recursion on its left side."""
        canvas = self.canvas
        right: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            if isinstance(left.op, ast.BitOr) and not self.canvas:
                self.canvas = "|"
            right.append(left.right)
            left = left.left
        inner = use if self.canvas == "|" else "value"
        for operand in (left, *reversed(right)):
            self.expression(operand, inner)
        self.canvas = canvas

    # ---------------------------------------------------------------- mappings

    def mapping(self, node: ast.Dict, use: str) -> None:
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        is_entry = "schedule" in keys and ("task" in keys or None in node.keys)
        if is_entry:
            self.record_entry(node)
        path = self.path
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                if not isinstance(key, ast.Constant):
                    self.expression(key, "value")
                self.path = (*path, key)
            is_told = is_entry and _is_key(key, "task") and _is_text(value)
            if not is_told:  # the name of an entry's task: the entry tells it
                self.expression(value, use)
            self.path = path

    def sequence(self, node: ast.List, use: str) -> None:
        path = self.path
        self.path = (*path, None)
        self.all(node.elts, use)
        self.path = path


def _is_key(key: ast.expr | str | None, wanted: str) -> bool:
    return isinstance(key, ast.Constant) and key.value == wanted


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
