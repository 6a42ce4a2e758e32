"""What an expression is to Celery: a task, a signature, a result, a canvas, an app."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.scan.arguments import MEMBER
from migrator.scan.handle import (
    CANVAS_MAKERS,
    RESULT_MAKERS,
    SAME_SIGNATURE,
    SIGNATURE_MAKERS,
    Handle,
    callee_name,
    distinct_handles,
    first_text,
    of_attribute,
    of_method,
    reason_for,
)
from migrator.scan.literals import LiteralReader, NotLiteralError
from migrator.scan.vocabulary import TASK_METHODS
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from collections.abc import Collection

    from migrator.scan.apps import Apps
    from migrator.scan.arguments import Parameter
    from migrator.scan.definitions import Definitions, Key
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 10


class Handles:
    """Answers what expressions are; see Handle."""

    def __init__(
        self,
        resolver: Resolver,
        deep: Resolver,
        apps: Apps,
        definitions: Definitions,
    ) -> None:
        self._resolver = resolver
        self._deep = deep  # reads further files, for constants
        self._apps = apps
        self._definitions = definitions
        # Tasks that callers hand over, by the parameter that they become.
        self.passed: dict[Parameter, list[Handle]] = {}
        self.grown: set[str] = set()  # registries that items are put into later on
        self._open: set[int] = set()  # nodes on the way: `x = copy(x)` ends

    @property
    def task_keys(self) -> Collection[Key]:
        """Places of the definitions that are tasks."""
        return self._definitions.tasks.keys()

    @property
    def task_names(self) -> set[str]:
        return {known.task.name for known in self._definitions.tasks.values()}

    def of(
        self, facts: FileFacts, scope: int, node: ast.expr, depth: int = 0
    ) -> list[Handle]:
        """All that the expression may be; one `unknown` with its reason at least."""
        if depth > MAX_DEPTH or id(node) in self._open:
            return [Handle("unknown", reason="its names go round in a circle")]
        self._open.add(id(node))
        try:
            return self._of(facts, scope, node, depth)
        finally:
            self._open.discard(id(node))

    def _of(
        self, facts: FileFacts, scope: int, node: ast.expr, depth: int
    ) -> list[Handle]:
        if isinstance(node, ast.Call):
            return self._of_call(facts, scope, node, depth)
        if isinstance(node, ast.Subscript):
            return self._of_item(facts, scope, node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return [Handle("canvas")]
        if isinstance(node, ast.Attribute) and not flatten(node)[1]:
            inner = self.of(facts, scope, node.value, depth + 1)
            return [of_attribute(handle, node.attr) for handle in inner]
        if isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
            return self.of(facts, scope, node.value, depth + 1)
        found = self._resolver.expression(facts, scope, node)
        handles = [h for one in found for h in self.of_found(one, depth + 1)]
        return distinct_handles(handles) or [
            Handle("unknown", reason="it is bound nowhere")
        ]

    def of_chain(
        self, facts: FileFacts, scope: int, chain: tuple[str, ...]
    ) -> list[Handle]:
        found = self._resolver.chain(facts, scope, chain)
        handles = [h for one in found for h in self.of_found(one, 0)]
        return distinct_handles(handles) or [
            Handle("unknown", reason="it is bound nowhere")
        ]

    def of_found(self, found: Found, depth: int = 0) -> list[Handle]:
        task = self._task_of(found)
        if task is not None:
            return [task]
        if self._apps.is_app(found):
            return [Handle("app")]
        if found.kind == "value" and found.expr is not None and found.facts is not None:
            return self._of_value(found, depth)
        if found.kind == "external" and found.name in CANVAS_MAKERS:
            return [Handle("canvas")]
        if found.kind in {"parameter", "element"}:
            passed = self._bound_to(found) or self._passed(found)
            if passed:
                return passed
        return [Handle("unknown", reason=reason_for(found))]

    def _bound_to(self, found: Found) -> list[Handle]:
        """The first parameter of a bound task is the task itself."""
        if found.kind != "parameter" or found.facts is None:
            return []
        function = found.facts.scopes[found.scope].qualname
        known = self._definitions.tasks.get((found.facts.path, function))
        if known is None or not known.task.is_bound or known.definition.is_class:
            return []
        first = [one.name for one in known.definition.parameters[:1]]
        attribute = ".".join(found.rest)
        is_first = first == [found.name]
        return [Handle("task", known.task.name, attribute)] if is_first else []

    def _passed(self, found: Found) -> list[Handle]:
        """What callers give as a parameter, or as a member of one."""
        assert found.facts is not None  # noqa: S101 - both are bound in a file
        keys = [(found.facts.path, found.scope, found.name)]
        if found.kind == "element" and found.expr is not None:
            iterated = self._resolver.expression(found.facts, found.scope, found.expr)
            keys = [
                (one.facts.path, one.scope, one.name + MEMBER)
                for one in iterated
                if one.kind == "parameter" and one.facts is not None
            ]
        handles = [
            replace(handle, handed_over=True)
            for key in keys
            for handle in self.passed.get(key, [])
        ]
        for name in found.rest:
            handles = [of_attribute(handle, name) for handle in handles]
        return handles

    def _task_of(self, found: Found) -> Handle | None:
        if found.kind not in {"definition", "instance"}:
            return None
        known = self._definitions.tasks.get(found.key)
        if known is None:
            return None
        rest = found.rest
        if known.definition.is_class and found.kind == "definition":
            rest = ("__class__", *rest)  # the class is no task, its instance is
        return Handle("task", known.task.name, ".".join(rest))

    def _of_value(self, found: Found, depth: int) -> list[Handle]:
        assert found.expr is not None and found.facts is not None  # noqa: S101, PT018 - checked by the caller
        if depth > MAX_DEPTH:
            return [Handle("unknown", reason="its names go round in a circle")]
        bare = replace(found, rest=())
        if found.rest and self._apps.is_app(bare):
            return [Handle("app", attribute=".".join(found.rest))]
        if not isinstance(found.expr, ast.Call | ast.Subscript | ast.BinOp):
            return [Handle("unknown", reason=reason_for(found))]
        handles = self.of(found.facts, found.scope, found.expr, depth + 1)
        for name in found.rest:
            handles = [of_attribute(handle, name) for handle in handles]
        return handles

    # ------------------------------------------------------------------- calls

    def _of_call(
        self, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> list[Handle]:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "super":
            return [Handle("super", reason="super() of a task class")]
        if isinstance(function, ast.Attribute):
            known = self._of_method(facts, scope, node, function, depth)
            if known:
                return known
        found: list[Handle] = []
        for callee in self._resolver.expression(facts, scope, function):
            found += self._of_callee(callee, facts, scope, node, depth)
        if isinstance(function, ast.Call):  # shared_task(...)(f)
            found += self._of_arguments(facts, scope, node, depth)
        return distinct_handles(found) or [
            Handle("unknown", reason=f"the result of `{callee_name(node)}()`")
        ]

    def _of_method(
        self,
        facts: FileFacts,
        scope: int,
        node: ast.Call,
        function: ast.Attribute,
        depth: int,
    ) -> list[Handle]:
        """Methods of tasks, signatures and apps."""
        name = function.attr
        if name == "register_task":
            return self._registered(facts, scope, node)
        if name == "task":
            return self._of_arguments(facts, scope, node, depth)
        if name not in TASK_METHODS | SAME_SIGNATURE | {"AsyncResult"}:
            return self._tasks_get(facts, scope, node, function)
        if name in {"signature", "subtask"} and first_text(node):
            return [Handle("signature", first_text(node))]
        receivers = self.of(facts, scope, function.value, depth + 1)
        return [h for receiver in receivers for h in of_method(receiver, name)]

    def _tasks_get(
        self, facts: FileFacts, scope: int, node: ast.Call, function: ast.Attribute
    ) -> list[Handle]:
        """`app.tasks.get("name")`."""
        registry = function.value
        is_get = function.attr in {"get", "pop"} and isinstance(registry, ast.Attribute)
        if is_get and isinstance(registry, ast.Attribute) and registry.attr == "tasks":
            return self._registry_item(facts, scope, node.args[0]) if node.args else []
        return []

    def _of_callee(
        self, callee: Found, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> list[Handle]:
        if callee.kind == "external":
            return self._of_external(callee.name, facts, scope, node, depth)
        definition = callee.definition
        if definition is None or callee.facts is None or callee.rest:
            return []
        known = self._definitions.tasks.get(callee.key)
        if known is not None and definition.is_class:
            return [Handle("task", known.task.name)]
        if known is not None:
            return [Handle("unknown", reason="what the task's function returns")]
        found: list[Handle] = []
        for returned in () if definition.is_class else definition.returns:
            found += self.of(callee.facts, definition.inner, returned, depth + 1)
        return [handle for handle in found if handle.kind != "unknown"]

    def _of_external(
        self, name: str, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> list[Handle]:
        if name in SIGNATURE_MAKERS:
            return self._of_signature(facts, scope, node, depth)
        if name in CANVAS_MAKERS:
            return [Handle("canvas")]
        if name in RESULT_MAKERS:
            return [Handle("result")]
        if name in {"copy.copy", "copy.deepcopy"} and node.args:
            return self.of(facts, scope, node.args[0], depth + 1)
        return []

    def _of_signature(
        self, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> list[Handle]:
        """`signature("name")`, `signature(task)`."""
        if not node.args:
            return [Handle("signature")]
        text = self.text(facts, scope, node.args[0])
        if text is not None:
            return [Handle("signature", text)]
        return self.of(facts, scope, node.args[0], depth + 1)

    def _of_arguments(
        self, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> list[Handle]:
        """`request.task(f)`, `app.task(f)`: the task that the argument is."""
        found: list[Handle] = []
        for argument in node.args[:1]:
            handles = self.of(facts, scope, argument, depth + 1)
            found += [h for h in handles if h.kind == "task" and not h.attribute]
        return found

    def _registered(self, facts: FileFacts, scope: int, node: ast.Call) -> list[Handle]:
        for argument in node.args[:1]:
            for found in self._resolver.expression(facts, scope, argument):
                owner = found
                if found.kind == "value":
                    owner = self._resolver.class_of(found) or found
                known = self._definitions.tasks.get(owner.key)
                if known is not None:
                    return [Handle("task", known.task.name)]
        return [Handle("unknown", reason="what is registered cannot be seen here")]

    # ------------------------------------------------------------------- items

    def _of_item(
        self, facts: FileFacts, scope: int, node: ast.Subscript, depth: int
    ) -> list[Handle]:
        base = node.value
        if isinstance(base, ast.Attribute) and base.attr == "tasks":
            return self._registry_item(facts, scope, node.slice)
        for found in self._resolver.expression(facts, scope, base):
            if isinstance(found.expr, ast.Dict | ast.Tuple | ast.List):
                return self._literal_item(found, facts, scope, node.slice, depth)
        text = ast.unparse(base)
        return [
            Handle("unknown", reason=f"an item of `{text}`, known only at run time")
        ]

    def _registry_item(
        self, facts: FileFacts, scope: int, key: ast.expr
    ) -> list[Handle]:
        """`app.tasks["name"]`, `app.tasks[task.name]`."""
        text = self.text(facts, scope, key)
        if text is not None:
            return [Handle("task", text)]
        if isinstance(key, ast.Attribute) and key.attr == "name":
            handles = self.of(facts, scope, key.value)
            if all(handle.kind == "task" for handle in handles):
                return handles
        reason = f"app.tasks[{ast.unparse(key)}]: the name is known only at run time"
        return [Handle("unknown", reason=reason)]

    def _literal_item(
        self, found: Found, facts: FileFacts, scope: int, key: ast.expr, depth: int
    ) -> list[Handle]:
        assert found.facts is not None  # noqa: S101 - a literal stands in a file
        literal = found.expr
        try:
            wanted = LiteralReader(self._deep, facts, scope).read(key)
        except NotLiteralError:
            members = self._all_members(found, depth)
            text = found.name or "a registry"
            if members and text.rpartition(".")[2] not in self.grown:
                return members
            if members:
                reason = f"members are put into {text} when the program runs"
                return [*members, Handle("unknown", reason=reason)]
            reason = (
                f"{text}[{ast.unparse(key)}]: one of its members, chosen at run time"
            )
            return [Handle("unknown", reason=reason)]
        if isinstance(literal, ast.Dict):
            for name, value in zip(literal.keys, literal.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == wanted:
                    return self.of(found.facts, found.scope, value, depth + 1)
        elif isinstance(literal, ast.Tuple | ast.List) and isinstance(wanted, int):
            for element in literal.elts[wanted : wanted + 1]:
                return self.of(found.facts, found.scope, element, depth + 1)
        return [Handle("unknown", reason=f"no item {wanted!r} in the literal")]

    def _all_members(self, found: Found, depth: int) -> list[Handle]:
        """The tasks that a registry holds; empty where one member may be no task."""
        literal, facts = found.expr, found.facts
        nodes: list[ast.expr] = []
        if isinstance(literal, ast.Dict):
            nodes = literal.values
        elif isinstance(literal, ast.Tuple | ast.List):
            nodes = literal.elts
        handles = [
            handle
            for node in nodes
            if facts is not None
            for handle in self.of(facts, found.scope, node, depth + 1)
        ]
        are_tasks = all(one.kind == "task" and not one.attribute for one in handles)
        return distinct_handles(handles) if are_tasks else []

    def text(self, facts: FileFacts, scope: int, node: ast.expr) -> str | None:
        """A string, where the source tells it: a literal, a constant, `task.name`."""
        try:
            value = LiteralReader(self._deep, facts, scope).read(node)
        except NotLiteralError:
            return self._name_of_task(facts, scope, node)
        return value if isinstance(value, str) else None

    def _name_of_task(self, facts: FileFacts, scope: int, node: ast.expr) -> str | None:
        """`task.name`, and constants of other distributions that name a task."""
        names: set[str] = set()
        if isinstance(node, ast.Attribute) and node.attr == "name":
            handles = self.of(facts, scope, node.value)
            names = {h.task for h in handles if h.kind == "task" and not h.attribute}
        elif isinstance(node, ast.Name | ast.Attribute):
            found = self._resolver.expression(facts, scope, node)
            symbols = self._definitions.symbols
            names = {symbols[one.name] for one in found if one.name in symbols}
        return names.pop() if len(names) == 1 else None
