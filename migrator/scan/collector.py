"""The walk over statements: one pass over a file gives its FileFacts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrator.model import Assignment, Loop
from migrator.scan.conditions import ConditionWalker
from migrator.scan.expressions import ExpressionWalker
from migrator.scan.facts import MODULE_SCOPE, AssignmentFact, BindingKind, FileFacts
from migrator.scan.functions import FunctionWalker
from migrator.scan.stray_markers import markers_in
from migrator.scan.traceable import traceable
from migrator.scan.vocabulary import BEAT_NAME
from migrator.scan.walker import flatten, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.scan.facts import Chain
    from migrator.scan.source import SourceText


def collect(facts: FileFacts, tree: ast.Module, source: SourceText) -> FileFacts:
    """Fill `facts` from the tree. RecursionError where it is nested too deeply."""
    collector = Collector(facts, source)
    collector.body(tree.body)
    collector.release()
    facts.markers = markers_in(facts.path, source)
    facts.references = traceable(facts)
    facts.grown &= facts.scopes[MODULE_SCOPE].bindings.keys()
    return facts


class Collector(ConditionWalker, FunctionWalker, ExpressionWalker):
    """Visits statements in order."""

    def __init__(self, facts: FileFacts, source: SourceText) -> None:
        super().__init__(facts, source)
        self.statements: dict[type[ast.AST], Callable[[Any], None]] = {
            ast.Expr: self.expression_statement,
            ast.Assign: self.assign,
            ast.AnnAssign: self.annotated_assign,
            ast.AugAssign: self.augmented_assign,
            ast.Return: self.returned,
            ast.FunctionDef: self.function_definition,
            ast.AsyncFunctionDef: self.function_definition,
            ast.ClassDef: self.class_definition,
            ast.Import: self.plain_import,
            ast.ImportFrom: self.from_import,
            ast.If: self.condition,
            ast.For: self.for_loop,
            ast.AsyncFor: self.for_loop,
            ast.While: self.while_loop,
            ast.With: self.with_block,
            ast.AsyncWith: self.with_block,
            ast.Try: self.try_block,
            ast.TryStar: self.try_block,
            ast.Global: self.global_names,
            ast.Match: self.match,
            ast.Delete: self.deleted,
        }
        self.expressions |= {ast.IfExp: self.chosen, ast.BoolOp: self.either}

    def release(self) -> None:
        """Break the circle of bound methods: it would hold the text of the file."""
        self.statements.clear()
        self.expressions.clear()

    def body(self, statements: Sequence[ast.stmt]) -> None:
        definition = self.definition
        if definition is not None:
            definition.statements += len(statements)
        conditions = len(self.guards)
        for statement in statements:
            returns = self.returns
            handler = self.statements.get(type(statement))
            if handler is not None:
                handler(statement)
            else:
                self.children(statement, "value")
            self.after(statement, returns)
        del self.guards[conditions:]

    def expression_statement(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Call):
            self.statement, self.target = "call", flatten(value.func)[0]
            if self.target[-1] == "setdefault" and value.args:
                self.path = (value.args[0],)
        self.expression(value, "discarded")
        self.statement, self.target, self.path = "other", (), ()

    # ------------------------------------------------------------- assignments

    def assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.bind_target(target, node.value)
            self.record_assignment(target, node.value, node, "=")
        self.assigned_value(node.targets[0], node.value, "assign")

    def annotated_assign(self, node: ast.AnnAssign) -> None:
        if node.value is None:
            if isinstance(node.target, ast.Name):
                annotation = self.kept(node.annotation)
                self.bind(
                    node.target.id, BindingKind.PARAMETER, node.lineno, value=annotation
                )
            return
        self.bind_target(node.target, node.value)
        self.record_assignment(node.target, node.value, node, "=")
        self.assigned_value(node.target, node.value, "assign")

    def augmented_assign(self, node: ast.AugAssign) -> None:
        self.record_assignment(node.target, node.value, node, "|=")
        self.assigned_value(node.target, node.value, "augment")

    def assigned_value(self, target: ast.expr, value: ast.expr, kind: str) -> None:
        if isinstance(target, ast.Subscript):
            self.facts.grown.add(flatten(target)[0][-1])
            kind, self.path = "item", (target.slice,)
            self.expression(target.slice, "value")
        self.statement, self.target = kind, flatten(target)[0]
        self.expression(value, "assigned")
        self.statement, self.target, self.path = "other", (), ()

    def bind_target(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            kept = self.local_name(target, value)
            kind = BindingKind.OPAQUE if kept is None else BindingKind.VALUE
            self.bind(target.id, kind, target.lineno, value=kept)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, value)
        elif isinstance(target, ast.Attribute):
            self.instance_attribute(target, value)

    def local_name(self, target: ast.Name, value: ast.expr) -> ast.expr | None:
        """Remember what a local variable was given; the value where it is kept."""
        definition = self.definition
        if definition is None or definition.is_class:
            return self.kept(value)
        source = self.source.of(value)
        given = Assignment(target.id, one_line(source), self.at(target))
        definition.assignments.append(given)
        return self.kept_locally(value, source)

    def unpack(self, target: ast.Tuple | ast.List, value: ast.expr) -> None:
        same = isinstance(value, ast.Tuple | ast.List) and (
            len(value.elts) == len(target.elts)
        )
        if not same or not isinstance(value, ast.Tuple | ast.List):
            self.unpack_call(target, value)
            return
        for part, element in zip(target.elts, value.elts, strict=True):
            self.bind_target(part, element)

    def unpack_call(self, target: ast.Tuple | ast.List, value: ast.expr) -> None:
        """`task, row = prepare()`: names are followed, anything else is opaque."""
        while isinstance(value, ast.Await):
            value = value.value
        is_plain = all(isinstance(part, ast.Name) for part in target.elts)
        if not isinstance(value, ast.Call) or not is_plain:
            self.opaque(target)
            return
        callee = ast.copy_location(ast.Call(value.func, [], []), value)
        for position, part in enumerate(target.elts):
            if isinstance(part, ast.Name):
                kind, place = BindingKind.ITEM, str(position)
                self.bind(part.id, kind, part.lineno, target=place, value=callee)

    def instance_attribute(self, target: ast.Attribute, value: ast.expr) -> None:
        """`self.x = value`: x is looked up on the class around."""
        if not isinstance(target.value, ast.Name) or target.value.id not in {
            "self",
            "cls",
        }:
            return
        scopes, index = self.facts.scopes, self.scope
        while index > 0 and scopes[index].kind != "class":
            index = scopes[index].parent
        kept = self.kept(value)
        if index > 0 and kept is not None:
            self.bind(
                target.attr, BindingKind.VALUE, target.lineno, value=kept, scope=index
            )

    def record_assignment(
        self, target: ast.expr, value: ast.expr, node: ast.stmt, operator: str
    ) -> None:
        key = target.slice if isinstance(target, ast.Subscript) else None
        chain, _ = flatten(target)
        if not self.is_setting(chain, is_item=key is not None):
            return
        self.facts.assignments.append(
            AssignmentFact(
                target=chain,
                key=key,
                value=value,
                operator=operator,
                scope=self.scope,
                function=self.function,
                line=node.lineno,
                end_line=node.end_lineno or node.lineno,
                column=self.source.column(target.lineno, target.col_offset),
                guard=self.guard(),
            )
        )

    def is_setting(self, chain: Chain, *, is_item: bool) -> bool:
        last = chain[-1]
        if BEAT_NAME.search(last) or last.startswith("CELERY"):
            return True
        if len(chain) == 1:
            return is_item and last.lower().endswith(
                ("schedule", "schedules", "config")
            )
        return last == "Task" or "conf" in chain or "CELERY" in last

    def deleted(self, node: ast.Delete) -> None:
        """`del beat_schedule["name"]`, read as the call of `pop` that it is."""
        self.children(node, "value")
        for target in node.targets:
            chain, _ = flatten(target)
            if isinstance(target, ast.Subscript) and BEAT_NAME.search(chain[-1]):
                pop = ast.Attribute(target.value, "pop", ast.Load())
                call = ast.Call(pop, [target.slice], [])
                self.expression(ast.copy_location(call, target), "discarded")

    # ---------------------------------------------------------------- controls

    def returned(self, node: ast.Return) -> None:
        definition = self.definition
        self.returns += 1
        if node.value is None:
            return
        if definition is not None:
            is_none = isinstance(node.value, ast.Constant) and node.value.value is None
            definition.returns_value = definition.returns_value or not is_none
            kept = self.kept(node.value)
            if kept is not None and not isinstance(kept, ast.Constant):
                definition.returns.append(kept)
        self.statement = "return"
        self.expression(node.value, "returned")
        self.statement = "other"

    def for_loop(self, node: ast.For | ast.AsyncFor) -> None:
        kind = "for" if isinstance(node, ast.For) else "async-for"
        self.expression(node.iter, "value")
        self.element(node.target, node.iter)
        self.loop(node, kind, node.iter)

    def while_loop(self, node: ast.While) -> None:
        self.expression(node.test, "value")
        self.loop(node, "while", node.test)

    def loop(self, node: Any, kind: str, iterates: ast.expr) -> None:
        text = self.text(iterates)
        if self.definition is not None:
            self.definition.loops.append(Loop(self.at(node), kind, text))
        self.loops.append(text)
        self.body(node.body)
        self.loops.pop()
        self.body(node.orelse)

    def with_block(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.expression(item.context_expr, "value")
            if item.optional_vars is not None:
                # `with patch("...") as name`: opaque, whatever the manager gives.
                self.opaque(item.optional_vars)
        self.body(node.body)

    def global_names(self, node: ast.Global) -> None:
        if self.definition is not None:
            self.definition.globals_written.extend(node.names)

    def plain_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.facts.imports.append(alias.name)
            if alias.asname:
                self.bind(
                    alias.asname, BindingKind.IMPORT, node.lineno, target=alias.name
                )
            else:
                top = alias.name.split(".", 1)[0]
                self.bind(top, BindingKind.IMPORT, node.lineno, target=top)

    def from_import(self, node: ast.ImportFrom) -> None:
        module = self.absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self.facts.stars.append(module)
                self.facts.imports.append(module)
                continue
            if alias.asname:
                self.aliases[alias.asname] = alias.name
            target = f"{module}.{alias.name}" if module else alias.name
            self.facts.imports.append(target)
            self.bind(
                alias.asname or alias.name,
                BindingKind.IMPORT,
                node.lineno,
                target=target,
            )

    def absolute(self, node: ast.ImportFrom) -> str:
        """The absolute module of a relative import."""
        if not node.level:
            return node.module or ""
        parts = self.facts.module.split(".") if self.facts.module else []
        drop = node.level - 1 if self.facts.is_package else node.level
        parts = parts[: len(parts) - drop] if drop else parts
        return ".".join([*parts, node.module] if node.module else parts)
