"""The walk over `def` and `class`: scopes, parameters, markers and the source hash."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from migrator.model import Location, Marker, Parameter
from migrator.scan.expressions import ExpressionWalker
from migrator.scan.facts import BindingKind, Definition
from migrator.scan.options import keep_text
from migrator.scan.vocabulary import MARKER

if TYPE_CHECKING:
    from collections.abc import Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class FunctionWalker(ExpressionWalker):
    """Opens a Definition for each `def` and `class`."""

    def body(self, statements: Sequence[ast.stmt]) -> None:
        raise NotImplementedError  # the walk over statements is the collector's

    def function_definition(self, node: FunctionNode) -> None:
        self.outside(node)
        arguments = node.args
        self.all([*arguments.defaults, *arguments.kw_defaults], "value")
        definition = self.open_definition(node, is_class=False)
        definition.is_async = isinstance(node, ast.AsyncFunctionDef)
        definition.parameters = self.parameters(arguments)
        definition.annotation = self.kept(node.returns)
        self.inside(node, definition, arguments)

    def class_definition(self, node: ast.ClassDef) -> None:
        self.outside(node)
        self.all(node.bases, "base")
        self.all([word.value for word in node.keywords], "value")
        definition = self.open_definition(node, is_class=True)
        definition.bases = node.bases
        definition.keywords = node.keywords
        self.inside(node, definition, None)

    def outside(self, node: FunctionNode | ast.ClassDef) -> None:
        """Decorators belong to the scope around the definition."""
        for decorator in node.decorator_list:
            keep_text(self.facts, decorator, self.source.of(decorator))
            if isinstance(decorator, ast.Call):
                self.keep_texts(decorator)
            self.expression(decorator, "decorator")

    def open_definition(
        self, node: FunctionNode | ast.ClassDef, *, is_class: bool
    ) -> Definition:
        qualname = self.qualname(node.name)
        kind = "class" if is_class else "function"
        definition = Definition(
            name=node.name,
            qualname=qualname,
            is_class=is_class,
            scope=self.scope,
            inner=self.open_scope(kind, qualname),
            function=self.function,
            location=self.at(node),
            end_line=node.end_lineno or node.lineno,
            decorators=node.decorator_list,
            guard=self.guard() if self.guards else "",
        )
        if node.decorator_list or not is_class:
            self.describe(node, definition)
        self.facts.definitions.append(definition)
        self.facts.by_qualname[qualname] = len(self.facts.definitions) - 1
        self.bind(node.name, BindingKind.DEFINITION, node.lineno, target=qualname)
        return definition

    def describe(
        self, node: FunctionNode | ast.ClassDef, definition: Definition
    ) -> None:
        first = min((d.lineno for d in node.decorator_list), default=node.lineno)
        lines = self.source.lines[node.lineno - 1 : definition.end_line]
        digest = hashlib.blake2b("\n".join(lines).encode(), digest_size=16)
        definition.source_hash = digest.hexdigest()
        if node.decorator_list:
            definition.marker = self.marker(first, node.lineno)

    def marker(self, first: int, last: int) -> Marker | None:
        for number in range(first, last + 1):
            line = self.source.lines[number - 1]
            if "migrate:" in line and (match := MARKER.search(line)):
                place = Location(self.facts.path, number, match.start())
                return Marker(match[1], match[2].strip(), place)
        return None

    def inside(
        self,
        node: FunctionNode | ast.ClassDef,
        definition: Definition,
        arguments: ast.arguments | None,
    ) -> None:
        outer = (self.scope, self.function, self.loops, self.guards, self.into)
        canvas, statement = self.canvas, (self.statement, self.target, self.path)
        self.scope = definition.inner
        self.function = self.facts.by_qualname[definition.qualname]
        self.loops, self.guards, self.into, self.canvas = [], list(self.guards), "", ""
        if arguments is not None:
            self.guards = []
            self.bind_parameters(arguments)
        self.body(node.body)
        self.scope, self.function, self.loops, self.guards, self.into = outer
        self.canvas = canvas
        self.statement, self.target, self.path = statement

    def bind_parameters(self, arguments: ast.arguments) -> None:
        for argument in _all_arguments(arguments):
            annotation = self.kept(argument.annotation)
            kind = BindingKind.PARAMETER
            self.bind(argument.arg, kind, argument.lineno, value=annotation)

    def parameters(self, arguments: ast.arguments) -> tuple[Parameter, ...]:
        ordered = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (
            len(ordered) - len(arguments.defaults)
        )
        found: list[Parameter] = []
        for index, (argument, default) in enumerate(
            zip(ordered, [*missing, *arguments.defaults], strict=True)
        ):
            positional_only = index < len(arguments.posonlyargs)
            kind = "positional-only" if positional_only else "positional"
            found.append(self.parameter(argument, kind, default))
        if arguments.vararg:
            found.append(self.parameter(arguments.vararg, "var-positional", None))
        for argument, default in zip(
            arguments.kwonlyargs, arguments.kw_defaults, strict=True
        ):
            found.append(self.parameter(argument, "keyword-only", default))
        if arguments.kwarg:
            found.append(self.parameter(arguments.kwarg, "var-keyword", None))
        return tuple(found)

    def parameter(
        self, argument: ast.arg, kind: str, default: ast.expr | None
    ) -> Parameter:
        annotation = self.source.of(argument.annotation) if argument.annotation else ""
        value = None if default is None else self.source.of(default)
        return Parameter(argument.arg, kind, annotation, value)


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *stars,
    ]
