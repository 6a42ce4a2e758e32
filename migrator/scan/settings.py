"""Celery settings, wherever they are written, under their lower-case names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import Location, Setting
from migrator.scan.facts import MODULE_SCOPE, BindingKind
from migrator.scan.literals import LiteralReader, NotLiteralError
from migrator.scan.options import text_of
from migrator.scan.settings_names import KNOWN_SETTINGS, normalised
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.scan.facts import CallFact, FileFacts
    from migrator.scan.resolve import Resolver

# Arguments of Celery() that are settings under another name.
APP_ARGUMENTS = {
    "broker": "broker_url",
    "backend": "result_backend",
    "include": "include",
    "broker_url": "broker_url",
    "result_backend": "result_backend",
}


class Settings:
    """Collects settings of settings modules, config modules and classes, and conf."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.found: dict[tuple[str, Location], Setting] = {}
        self.namespaces: set[str] = {"CELERY"}
        self.config_modules: set[str] = set()  # paths that config_from_object names
        self._config_scopes: set[tuple[str, int]] = set()

    # ------------------------------------------------------------ preparation

    def prepare(self, files: Iterable[FileFacts]) -> None:
        """Learn the namespaces and the objects that hold configuration."""
        for facts in files:
            for call in facts.calls:
                if call.chain[-1] == "config_from_object" and call.node is not None:
                    self._config_object(facts, call, call.node)

    def _config_object(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        for word in node.keywords:
            if word.arg == "namespace" and isinstance(word.value, ast.Constant):
                value = word.value.value
                if isinstance(value, str) and value:
                    self.namespaces.add(value)
        if not node.args:
            return
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            dotted = argument.value.replace(":", ".")
            found = self._resolver.dotted(dotted, facts)
        else:
            found = self._resolver.expression(facts, call.scope, argument)
        for one in found:
            if one.kind == "module" and one.facts is not None:
                self._config_scopes.add((one.facts.path, MODULE_SCOPE))
                self.config_modules.add(one.facts.path)
            owner = one
            if one.kind == "value":
                owner = self._resolver.class_of(one) or one
            if owner.definition is not None and owner.facts is not None:
                scope = owner.definition.inner
                self._config_scopes.add((owner.facts.path, scope))

    # ----------------------------------------------------------------- reading

    def read(self, facts: FileFacts) -> None:
        for index, scope in enumerate(facts.scopes):
            if scope.kind in {"module", "class"}:
                self._assigned(facts, index)
        for assignment in facts.assignments:
            if "conf" in assignment.target[:-1] and assignment.key is None:
                place = Location(facts.path, assignment.line, assignment.column)
                self._add(
                    facts,
                    assignment.scope,
                    assignment.target[-1],
                    place,
                    assignment.value,
                )
        for call in facts.calls:
            if call.node is not None:
                self._call(facts, call, call.node)

    def _assigned(self, facts: FileFacts, index: int) -> None:
        is_config = (facts.path, index) in self._config_scopes
        scope = facts.scopes[index]
        for name, bindings in scope.bindings.items():
            if not is_config and not self._is_namespaced(name):
                continue
            for binding in bindings:
                if binding.kind in {BindingKind.VALUE, BindingKind.OPAQUE}:
                    place = Location(facts.path, binding.line)
                    self._add(facts, index, name, place, binding.value)

    def _is_namespaced(self, name: str) -> bool:
        if not name.isupper():
            return False
        if name.startswith(("CELERY", "BROKER_")):
            return True
        return any(name.startswith(f"{space}_") for space in self.namespaces)

    def _call(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        last = call.chain[-1]
        if last == "update" and "conf" in call.chain[:-1]:
            for word in node.keywords:
                if word.arg:
                    self._argument(facts, call, word.arg, word.value)
            for argument in node.args:
                self._mapping(facts, call, argument)
        elif last == "Celery":
            for word in node.keywords:
                name = APP_ARGUMENTS.get(word.arg or "", word.arg or "")
                if name in KNOWN_SETTINGS:
                    self._argument(facts, call, name, word.value)

    def _mapping(self, facts: FileFacts, call: CallFact, node: ast.expr) -> None:
        for found in self._resolver.expression(facts, call.scope, node):
            if not isinstance(found.expr, ast.Dict):
                continue
            for key, value in zip(found.expr.keys, found.expr.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    self._argument(facts, call, key.value, value)

    def _argument(
        self, facts: FileFacts, call: CallFact, name: str, value: ast.expr
    ) -> None:
        place = Location(facts.path, value.lineno, value.col_offset)
        self._add(facts, call.scope, name, place, value)

    def _add(
        self,
        facts: FileFacts,
        scope: int,
        name: str,
        place: Location,
        value: ast.expr | None,
    ) -> None:
        known = ""
        for namespace in sorted(self.namespaces):
            known = known or normalised(name, namespace)
        if not known:
            return
        literal, is_literal = None, False
        if value is not None:
            try:
                reader = LiteralReader(self._resolver, facts, scope)
                literal, is_literal = reader.read(value), True
            except NotLiteralError:
                pass  # the setting is listed with its source and no value
        source = "" if value is None else one_line(text_of(facts, value))
        setting = Setting(known, place, source, literal, is_literal)
        self.found.setdefault((known, place), setting)
