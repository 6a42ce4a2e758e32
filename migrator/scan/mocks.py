"""Dotted strings in `patch("module.task.delay")`: paths that must stay patchable."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, CallKind, CallSite, Location
from migrator.scan.vocabulary import TASK_CLASSES

if TYPE_CHECKING:
    from migrator.scan.facts import CallFact, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.handle import Handle
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver


class Mocks:
    """Finds the tasks that tests replace, by path or by object."""

    def __init__(self, resolver: Resolver, handles: Handles) -> None:
        self._resolver = resolver
        self._handles = handles
        self.sites: list[CallSite] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for call in facts.calls:
            if call.node is None or not call.node.args:
                continue
            last, before = call.chain[-1], call.chain[-2] if len(call.chain) > 1 else ""
            if last == "patch" or (
                last == "setattr" and "monkeypatch" in call.chain[0]
            ):
                self._patched(facts, call, call.node)
            elif last == "object" and before == "patch":
                self._patched_object(facts, call, call.node)

    def _patched(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        path = node.args[0]
        if isinstance(path, ast.Constant) and isinstance(path.value, str):
            for found in self._resolver.dotted(path.value, facts):
                self._celery_itself(facts, call, found)
                for handle in self._handles.of_found(found):
                    self._add(facts, call, handle)
        elif call.chain[-1] == "setattr":
            self._patched_object(facts, call, node)

    def _patched_object(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        """`patch.object(task, "delay")`, `monkeypatch.setattr(module, "task", ...)`."""
        if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):  # noqa: PLR2004 - object and name
            return
        name = node.args[1].value
        if not isinstance(name, str) or not name.isidentifier():
            return
        target = ast.Attribute(value=node.args[0], attr=name, ctx=ast.Load())
        for handle in self._handles.of(facts, call.scope, target):
            self._add(facts, call, handle)
        for found in self._resolver.expression(facts, call.scope, target):
            self._celery_itself(facts, call, found)

    def _celery_itself(self, facts: FileFacts, call: CallFact, found: Found) -> None:
        """A test that replaces a method of Celery's own Task class, for all tasks."""
        owner, _, name = found.name.rpartition(".")
        if found.kind == "external" and owner in TASK_CLASSES and name:
            place = Location(facts.path, call.line, call.column)
            reason = f"{name} of Celery's Task is replaced, for every task at once"
            spot = BlindSpot("celery-itself-patched", place, call.source, reason)
            self.blind_spots.append(spot)

    def _add(self, facts: FileFacts, call: CallFact, handle: Handle) -> None:
        if handle.kind != "task":
            return
        function = call.function
        inside = facts.definitions[function].qualname if function >= 0 else ""
        self.sites.append(
            CallSite(
                kind=CallKind.MOCK,
                location=Location(facts.path, call.line, call.column),
                task=handle.task,
                enclosing=f"{facts.module}.{inside}" if inside else facts.module,
                source=call.source,
                in_tests=facts.in_tests,
                result_used="value",
                detail=handle.attribute,
            )
        )
