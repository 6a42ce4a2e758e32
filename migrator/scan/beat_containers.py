"""Beat containers whose content is not written as mappings: what cannot be read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, Location
from migrator.scan.entry_fields import is_entry
from migrator.scan.vocabulary import BEAT_NAME
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import AssignmentFact, FileFacts
    from migrator.scan.resolve import Resolver


class BeatContainers:
    """Tells of beat schedules that are computed, spread or merged from elsewhere."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for assignment in facts.assignments:
            self._container(facts, assignment)

    def _container(self, facts: FileFacts, assignment: AssignmentFact) -> None:
        """A beat container whose content is not written as mappings."""
        if not BEAT_NAME.search(assignment.target[-1]):
            return
        value = assignment.value
        if assignment.key is not None:
            if not isinstance(value, ast.Dict | ast.Call):
                self._dynamic(facts, assignment, "the entry is an expression")
            return
        if isinstance(value, ast.Dict):
            self._foreign_values(facts, assignment, value)
        elif not self._is_seen(facts, assignment, value):
            self._dynamic(facts, assignment, "it is computed when the program runs")

    def _foreign_values(
        self, facts: FileFacts, assignment: AssignmentFact, value: ast.Dict
    ) -> None:
        for key, entry in zip(value.keys, value.values, strict=True):
            if key is None:
                if not self._is_seen(facts, assignment, entry):
                    shown = one_line(ast.unparse(entry))
                    self._dynamic(facts, assignment, f"{shown} is spread into it")
            elif not is_entry(entry) and not self._is_entry(facts, assignment, entry):
                shown = one_line(ast.unparse(key))
                self._dynamic(facts, assignment, f"the entry {shown} is no literal")

    def _is_entry(
        self, facts: FileFacts, assignment: AssignmentFact, entry: ast.expr
    ) -> bool:
        """Whether a name in a container is an entry written elsewhere."""
        return any(
            isinstance(found.expr, ast.Dict) and is_entry(found.expr)
            for found in self._resolver.expression(facts, assignment.scope, entry)
        )

    def _is_seen(
        self, facts: FileFacts, assignment: AssignmentFact, value: ast.expr
    ) -> bool:
        """Whether the entries stand in the project, and are read where they stand."""
        if isinstance(value, ast.BinOp):
            return self._is_seen(facts, assignment, value.left) and self._is_seen(
                facts, assignment, value.right
            )
        if isinstance(value, ast.Dict | ast.List):
            return True
        for found in self._resolver.expression(facts, assignment.scope, value):
            node = found.expr
            if isinstance(node, ast.Dict | ast.List):
                return True
            if isinstance(node, ast.Call) and found.facts is not None:
                return self._is_seen_call(found.facts, found.scope, node)
        return False

    def _is_seen_call(self, facts: FileFacts, scope: int, node: ast.Call) -> bool:
        """`dict(...)`, and project functions that return mappings of their own."""
        for callee in self._resolver.expression(facts, scope, node.func):
            if callee.kind == "builtin" and callee.name == "dict":
                return True
            definition = callee.definition
            if definition is not None and callee.facts is not None:
                inside = [
                    entry
                    for entry in callee.facts.entries
                    if entry.function >= 0
                    and callee.facts.definitions[entry.function] is definition
                ]
                return bool(inside)
        return False

    def _dynamic(
        self, facts: FileFacts, assignment: AssignmentFact, reason: str
    ) -> None:
        place = Location(facts.path, assignment.line, assignment.column)
        text = f"{'.'.join(assignment.target)} {assignment.operator} "
        text += ast.unparse(assignment.value)
        self.blind_spots.append(
            BlindSpot("dynamic-beat-schedule", place, one_line(text), one_line(reason))
        )
