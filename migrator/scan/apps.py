"""Which expressions are Celery applications."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import CeleryApp, Location
from migrator.scan.options import keyword_value
from migrator.scan.vocabulary import APP_CLASSES, CURRENT_APPS, SOUNDS_LIKE_CELERY
from migrator.scan.walker import flatten, one_line

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 6
CURRENT_APP_CALLS = frozenset(
    {
        "celery.app.app_or_default",
        "celery._state.get_current_app",
        "celery.get_current_app",
        "celery.current_app._get_current_object",
    }
)


class Apps:
    """Tells applications from other values. Certain, or by the name alone."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def is_app(self, found: Found, depth: int = 0) -> bool:
        """Whether the value is known to be a Celery application."""
        if found.rest or depth > MAX_DEPTH:
            return found.rest == ("app",) and self._is_task_like(found)
        if found.kind == "external":
            return found.name in CURRENT_APPS
        if found.kind == "value" and isinstance(found.expr, ast.Call):
            return self._is_app_call(found, found.expr, depth + 1)
        if found.kind == "parameter" and found.expr is not None:
            return self._is_annotated_app(found)
        return False

    def sounds_like_app(self, found: Found) -> bool:
        """Whether only the name says so: a parameter, or another distribution's."""
        if found.kind in {"external", "elsewhere", "parameter", "unknown", "opaque"}:
            name = ".".join((found.name, *found.rest))
            return bool(SOUNDS_LIKE_CELERY.search(name))
        if found.kind == "value" and found.expr is not None and not found.rest:
            name = ".".join(flatten(found.expr)[0])
            return bool(SOUNDS_LIKE_CELERY.search(f"{found.name}.{name}"))
        return False

    def _is_task_like(self, found: Found) -> bool:
        """`self.app` of a task class, `task.app` of a task."""
        return found.kind in {"instance", "definition"}

    def _is_app_call(self, found: Found, call: ast.Call, depth: int) -> bool:
        assert found.facts is not None  # noqa: S101 - a value stands in a file
        for callee in self._resolver.expression(found.facts, found.scope, call.func):
            if callee.kind == "external":
                if _names_app_class(callee) or callee.name in CURRENT_APP_CALLS:
                    return True
            elif self._makes_app(callee, depth):
                return True
        return False

    def _makes_app(self, callee: Found, depth: int) -> bool:
        """A subclass of Celery, or a project function that returns an application."""
        definition, facts = callee.definition, callee.facts
        if definition is None or facts is None or callee.rest or depth > MAX_DEPTH:
            return False
        if definition.is_class:
            return _is_subclass(self._resolver, callee)
        if definition.annotation is not None and self._is_app_class(
            facts, definition.scope, definition.annotation
        ):
            return True
        return any(
            self.is_app(found, depth + 1)
            for node in definition.returns
            for found in self._resolver.expression(facts, definition.inner, node)
        )

    def _is_annotated_app(self, found: Found) -> bool:
        assert found.facts is not None  # noqa: S101 - an annotation stands in a file
        assert found.expr is not None  # noqa: S101 - checked by the caller
        return self._is_app_class(found.facts, found.scope, found.expr)

    def _is_app_class(self, facts: FileFacts, scope: int, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value.rpartition(".")[2] == "Celery"
        return any(
            _names_app_class(found) or _is_subclass(self._resolver, found)
            for found in self._resolver.expression(facts, scope, node)
        )

    # ------------------------------------------------------------- inventory

    def in_file(self, facts: FileFacts) -> list[CeleryApp]:
        """The applications that a file constructs."""
        apps: list[CeleryApp] = []
        for call in facts.calls:
            if call.node is None or not self._constructs(facts, call.scope, call.node):
                continue
            apps.append(self._app(facts, call.node, call.scope, call.column))
        return apps

    def _constructs(self, facts: FileFacts, scope: int, node: ast.Call) -> bool:
        for callee in self._resolver.expression(facts, scope, node.func):
            if _names_app_class(callee) or _is_subclass(self._resolver, callee):
                return True
        return False

    def _app(
        self, facts: FileFacts, node: ast.Call, scope: int, column: int
    ) -> CeleryApp:
        main = node.args[0] if node.args else keyword_value(node, "main")
        is_text = isinstance(main, ast.Constant) and isinstance(main.value, str)
        task_class = keyword_value(node, "task_cls")
        variable = self._variable(facts, node) or facts.scopes[scope].qualname
        return CeleryApp(
            variable=f"{facts.module}.{variable}" if variable else facts.module,
            location=Location(facts.path, node.lineno, column),
            main=str(main.value) if is_text else "",  # type: ignore[union-attr]
            task_class="" if task_class is None else one_line(ast.unparse(task_class)),
        )

    def _variable(self, facts: FileFacts, node: ast.Call) -> str:
        for scope in facts.scopes:
            for name, bindings in scope.bindings.items():
                if any(binding.value is node for binding in bindings):
                    return f"{scope.qualname}.{name}" if scope.qualname else name
        return ""


def _is_subclass(resolver: Resolver, found: Found) -> bool:
    if found.definition is None or not found.definition.is_class or found.rest:
        return False
    return any(_names_app_class(base) for base in resolver.bases_of(found))


def _names_app_class(found: Found) -> bool:
    """Celery's own class, or a subclass that another distribution brings."""
    if found.name in APP_CLASSES:
        return True
    module, _, last = found.name.rpartition(".")
    is_foreign = found.kind == "external" and not found.rest
    return is_foreign and last.endswith("Celery") and module.split(".")[0] != "celery"
