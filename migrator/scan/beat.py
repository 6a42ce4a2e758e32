"""Beat schedules that are written as mappings with a "schedule" in them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import (
    BlindSpot,
    ContainerKind,
    Location,
    ScheduleEntry,
    ScheduleKind,
)
from migrator.scan.entry_fields import (
    Fields,
    field_option,
    fields_of,
    is_false,
    is_true,
    nested_options,
)
from migrator.scan.facts import EntryFact
from migrator.scan.guards import guard_imports
from migrator.scan.options import text_of
from migrator.scan.schedule_spec import Reading, ScheduleReader
from migrator.scan.vocabulary import BEAT_NAME
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import AssignmentFact, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver

CONTAINERS = {
    "item": ContainerKind.ITEM_ASSIGNMENT,
    "call": ContainerKind.UPDATE_CALL,
    "assign": ContainerKind.DICT_LITERAL,
    "augment": ContainerKind.DICT_LITERAL,
    "return": ContainerKind.DICT_LITERAL,
}


class BeatSchedules:
    """Reads the entries of every file; zones are put in by `with_zone`."""

    def __init__(self, resolver: Resolver, handles: Handles) -> None:
        self._resolver = resolver
        self._handles = handles
        self._reader = ScheduleReader(resolver)
        self.entries: list[ScheduleEntry] = []
        self.blind_spots: list[BlindSpot] = []
        self._templates: dict[tuple[str, int], tuple[FileFacts, EntryFact]] = {}
        self._used_templates: set[tuple[str, int]] = set()

    def read(self, facts: FileFacts) -> None:
        for entry in facts.entries:
            self._mapping(facts, entry)
        for assignment in facts.assignments:
            if isinstance(assignment.value, ast.Dict):
                self._named_entries(facts, assignment, assignment.value)

    def settle(self) -> None:
        """Tell of entries that stand alone, and are put nowhere that can be seen."""
        for place, (facts, entry) in self._templates.items():
            if place not in self._used_templates:
                reason = "it is put into no beat schedule that can be seen"
                kind = "unattached-schedule-entry"
                self._blind(kind, entry.location, facts, entry, reason)

    def _is_template(self, entry: EntryFact) -> bool:
        """`ENTRY = {"task": ..., "schedule": ...}`: the container takes it by name."""
        alone = entry.statement == "assign" and not entry.path
        return alone and not any(BEAT_NAME.search(name) for name in entry.target)

    def _named_entries(
        self, facts: FileFacts, assignment: AssignmentFact, value: ast.Dict
    ) -> None:
        """`{"name": ENTRY}` in a container, where ENTRY is a mapping of the project."""
        if not BEAT_NAME.search(assignment.target[-1]) or assignment.key is not None:
            return
        for key, node in zip(value.keys, value.values, strict=True):
            if key is None or not isinstance(node, ast.Name | ast.Attribute):
                continue
            for found in self._resolver.expression(facts, assignment.scope, node):
                if isinstance(found.expr, ast.Dict) and found.facts is not None:
                    self._named_entry(facts, assignment, key, found)

    def _named_entry(
        self,
        facts: FileFacts,
        assignment: AssignmentFact,
        key: ast.expr,
        found: Found,
    ) -> None:
        assert isinstance(found.expr, ast.Dict)  # noqa: S101 - checked by the caller
        assert found.facts is not None  # noqa: S101 - checked by the caller
        if "schedule" not in fields_of(found.expr).nodes:
            return
        self._use(found)
        place = Location(facts.path, key.lineno, key.col_offset)
        entry = EntryFact(
            node=found.expr,
            path=(self._handles.text(facts, assignment.scope, key) or key,),
            statement="assign",
            target=assignment.target,
            scope=found.scope,
            function=assignment.function,
            location=place,
            end_line=key.lineno,
            guard=assignment.guard,
            loops="",
        )
        self._mapping(found.facts, entry)

    def _use(self, found: Found) -> None:
        if found.facts is not None and found.expr is not None:
            self._used_templates.add((found.facts.path, found.expr.lineno))

    # ---------------------------------------------------------------- mappings

    def _mapping(self, facts: FileFacts, entry: EntryFact) -> None:
        fields = fields_of(entry.node)
        if not self._is_beat(facts, entry, fields):
            return
        if self._is_template(entry):
            self._templates[facts.path, entry.location.line] = (facts, entry)
            return
        reading = self._reader.read(
            facts,
            entry.scope,
            fields.nodes["schedule"],
            relative=is_true(fields.nodes.get("relative")),
        )
        name, problem = self._entry_name(facts, entry, fields)
        task, unknown = self._task(facts, entry.scope, fields)
        if unknown:
            self._blind(
                "unresolved-schedule-task", entry.location, facts, entry, unknown
            )
        problem = problem or (
            f"it is made in a loop over {entry.loops}" if entry.loops else ""
        )
        if problem:
            reading = replace(reading, spec=None, unreadable=problem)
        self.entries.append(self._entry(facts, entry, fields, reading, name, task))

    def _entry(
        self,
        facts: FileFacts,
        entry: EntryFact,
        fields: Fields,
        reading: Reading,
        name: str,
        task: str,
    ) -> ScheduleEntry:
        nodes = fields.nodes
        enabled = nodes.get("enabled")
        return ScheduleEntry(
            name=name,
            task=task,
            kind=reading.kind,
            location=_key_place(facts, entry),
            end_line=entry.end_line,
            container=_container_kind(entry),
            source=one_line(text_of(facts, nodes["schedule"])),
            spec=reading.spec,
            unreadable=reading.unreadable,
            args=field_option(facts, nodes, "args"),
            kwargs=field_option(facts, nodes, "kwargs"),
            options=nested_options(facts, nodes.get("options")),
            guard=entry.guard,
            guard_imports=guard_imports(entry.guard, facts, entry.scope),
            app=".".join(entry.target) or _text_key(entry.path[:1]),
            enabled=not is_false(enabled),
        )

    def _is_beat(self, facts: FileFacts, entry: EntryFact, fields: Fields) -> bool:
        """A beat container, by its name; else the look of the entry itself."""
        if facts.in_tests:  # else it is what a test expects, or hands over
            return any(BEAT_NAME.search(name) for name in entry.target)
        names = [*entry.target, *(_text(key) for key in entry.path)]
        if any(BEAT_NAME.search(name) for name in names if name):
            return True
        kind = self._reader.read(facts, entry.scope, fields.nodes["schedule"]).kind
        return kind is not ScheduleKind.UNKNOWN or "task" in fields.nodes

    def _entry_name(
        self, facts: FileFacts, entry: EntryFact, fields: Fields
    ) -> tuple[str, str]:
        """The entry's name, and the problem where it is known only at run time."""
        if "name" in fields.nodes and not _text(_last_key(entry)):
            text = self._handles.text(facts, entry.scope, fields.nodes["name"])
            shown = one_line(text_of(facts, fields.nodes["name"]))
            if text is None:
                return shown, f"its name is an expression: {shown}"
            return text, ""
        key = _last_key(entry)
        if isinstance(key, str):
            return key, ""
        if key is None:
            return _text_key(entry.path) or "", "it has no name that can be seen"
        text = self._handles.text(facts, entry.scope, key)
        if text is not None:
            return text, ""
        shown = one_line(ast.unparse(key))
        return shown, f"its name is an expression: {shown}"

    def _task(self, facts: FileFacts, scope: int, fields: Fields) -> tuple[str, str]:
        """The task's name, and why it could not be told."""
        node = fields.nodes.get("task")
        if node is None:
            for spread in fields.spreads:
                for found in self._resolver.expression(facts, scope, spread):
                    if isinstance(found.expr, ast.Dict) and found.facts is not None:
                        self._use(found)
                        inner = fields_of(found.expr)
                        return self._task(found.facts, found.scope, inner)
            shown = ", ".join(one_line(ast.unparse(node)) for node in fields.spreads)
            return "", f"its task is spread in from {shown or 'nowhere'}"
        text = self._handles.text(facts, scope, node)
        if text is not None:
            return text, ""
        handles = self._handles.of(facts, scope, node)
        names = {h.task for h in handles if h.kind in {"task", "signature"} and h.task}
        if len(names) == 1:
            return names.pop(), ""
        shown = one_line(text_of(facts, node))
        return shown, f"its task is an expression: {shown}"

    def _blind(
        self,
        kind: str,
        place: Location,
        facts: FileFacts,
        entry: EntryFact,
        reason: str,
    ) -> None:
        text = text_of(facts, entry.node)
        self.blind_spots.append(
            BlindSpot(kind, place, one_line(text), one_line(reason))
        )


def _last_key(entry: EntryFact) -> ast.expr | str | None:
    return entry.path[-1] if entry.path else None


def _text(key: ast.expr | str | None) -> str:
    if isinstance(key, ast.Constant):
        return key.value if isinstance(key.value, str) else ""
    return key if isinstance(key, str) else ""


def _text_key(path: tuple[ast.expr | str | None, ...]) -> str:
    return next((_text(key) for key in reversed(path) if _text(key)), "")


def _key_place(facts: FileFacts, entry: EntryFact) -> Location:
    key = _last_key(entry)
    if isinstance(key, ast.expr):
        return Location(facts.path, key.lineno, key.col_offset)
    return entry.location


def _container_kind(entry: EntryFact) -> ContainerKind:
    if _last_key(entry) is None and entry.statement != "item":
        return ContainerKind.LIST_OF_DICTS
    if entry.statement == "call" and entry.target[-1:] == ("setdefault",):
        return ContainerKind.ITEM_ASSIGNMENT
    return CONTAINERS.get(entry.statement, ContainerKind.OTHER)
