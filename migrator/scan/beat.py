"""Beat schedules: mappings with a "schedule", and add_periodic_task."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.model import (
    BlindSpot,
    ContainerKind,
    Location,
    Option,
    ScheduleEntry,
    ScheduleKind,
)
from migrator.scan.literals import is_literal
from migrator.scan.options import option_of, options_of, text_of
from migrator.scan.schedule_spec import Reading, ScheduleReader
from migrator.scan.vocabulary import BEAT_NAME
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import AssignmentFact, CallFact, EntryFact, FileFacts
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver

CONTAINERS = {
    "item": ContainerKind.ITEM_ASSIGNMENT,
    "call": ContainerKind.UPDATE_CALL,
    "assign": ContainerKind.DICT_LITERAL,
    "augment": ContainerKind.DICT_LITERAL,
    "return": ContainerKind.DICT_LITERAL,
}


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of an entry, and whether more are spread into it."""

    nodes: dict[str, ast.expr]
    spreads: tuple[ast.expr, ...]


class BeatSchedules:
    """Reads the entries of every file; zones are put in by `with_zone`."""

    def __init__(self, resolver: Resolver, handles: Handles) -> None:
        self._resolver = resolver
        self._handles = handles
        self._reader = ScheduleReader(resolver)
        self.entries: list[ScheduleEntry] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for entry in facts.entries:
            self._mapping(facts, entry)
        for call in facts.calls:
            if call.chain[-1] == "add_periodic_task" and call.node is not None:
                self._periodic(facts, call, call.node)
        for assignment in facts.assignments:
            self._container(facts, assignment)

    # ---------------------------------------------------------------- mappings

    def _mapping(self, facts: FileFacts, entry: EntryFact) -> None:
        fields = _fields(entry.node)
        if not self._is_beat(facts, entry, fields):
            return
        reading = self._reader.read(
            facts,
            entry.scope,
            fields.nodes["schedule"],
            relative=_is_true(fields.nodes.get("relative")),
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
            args=_option(facts, nodes, "args"),
            kwargs=_option(facts, nodes, "kwargs"),
            options=_options(facts, nodes.get("options")),
            guard=entry.guard,
            app=".".join(entry.target) or _text_key(entry.path[:1]),
            enabled=not _is_false(enabled),
        )

    def _is_beat(self, facts: FileFacts, entry: EntryFact, fields: Fields) -> bool:
        """A beat container, by its name; else the look of the entry itself."""
        names = [*entry.target, *(_text(key) for key in entry.path)]
        if any(BEAT_NAME.search(name) for name in names if name):
            return True
        if facts.in_tests:
            return False
        kind = self._reader.read(facts, entry.scope, fields.nodes["schedule"]).kind
        return kind is not ScheduleKind.UNKNOWN or "task" in fields.nodes

    def _entry_name(
        self, facts: FileFacts, entry: EntryFact, fields: Fields
    ) -> tuple[str, str]:
        """The entry's name, and the problem where it is known only at run time."""
        if "name" in fields.nodes and not _text(_last_key(entry)):
            text = self._handles.text(facts, entry.scope, fields.nodes["name"])
            if text is not None:
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
                        inner = _fields(found.expr)
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

    # -------------------------------------------------------------- containers

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
            elif not _is_entry(entry):
                shown = one_line(ast.unparse(key))
                self._dynamic(facts, assignment, f"the entry {shown} is no literal")

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

    # ------------------------------------------------------- add_periodic_task

    def _periodic(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        given = dict(
            zip(("schedule", "sig", "args", "kwargs", "name"), node.args, strict=False)
        )
        given |= {word.arg: word.value for word in node.keywords if word.arg}
        place = Location(facts.path, call.line, call.column)
        if "schedule" not in given or "sig" not in given:
            reason = "its arguments are known only at run time"
            self.blind_spots.append(
                BlindSpot("dynamic-periodic-task", place, call.source, reason)
            )
            return
        reading = self._reader.read(facts, call.scope, given["schedule"])
        if call.loop_depth:
            reason = f"it is added in a loop over {call.loop_iterates}"
            reading = replace(reading, spec=None, unreadable=reason)
        task, arguments = self._signature(facts, call.scope, given)
        if not task:
            self.blind_spots.append(
                BlindSpot(
                    "unresolved-schedule-task",
                    place,
                    call.source,
                    f"what {one_line(ast.unparse(given['sig']))} is cannot be seen here",
                )
            )
        name = self._periodic_name(facts, call.scope, given, task, arguments)
        known = {"schedule", "sig", "args", "kwargs", "name"}
        options, _ = options_of(
            facts, [word for word in node.keywords if word.arg not in known]
        )
        self.entries.append(
            ScheduleEntry(
                name=name,
                task=task or one_line(text_of(facts, given["sig"])),
                kind=reading.kind,
                location=place,
                end_line=node.end_lineno or node.lineno,
                container=ContainerKind.ADD_PERIODIC_TASK,
                source=one_line(text_of(facts, given["schedule"])),
                spec=reading.spec,
                unreadable=reading.unreadable,
                args=arguments[0] or _option(facts, given, "args"),
                kwargs=arguments[1] or _option(facts, given, "kwargs"),
                options=options,
                guard=call.guard,
                app=".".join(call.chain[:-1]),
            )
        )

    def _signature(
        self, facts: FileFacts, scope: int, given: dict[str, ast.expr]
    ) -> tuple[str, tuple[Option | None, Option | None]]:
        node = given["sig"]
        handles = self._handles.of(facts, scope, node)
        names = {h.task for h in handles if h.kind in {"task", "signature"} and h.task}
        task = names.pop() if len(names) == 1 else ""
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            return task, (None, None)
        positional = [text_of(facts, argument) for argument in node.args]
        values = ast.Tuple(elts=node.args, ctx=ast.Load())
        value, known = is_literal(values)
        args = Option("args", f"({', '.join(positional)},)", value, known)
        words = ", ".join(
            f"{word.arg!r}: {text_of(facts, word.value)}" for word in node.keywords
        )
        mapping = ast.Dict(
            keys=[
                ast.Constant(word.arg) if word.arg else None for word in node.keywords
            ],
            values=[word.value for word in node.keywords],
        )
        value, known = is_literal(mapping)
        kwargs = Option("kwargs", f"{{{words}}}", value, known)
        return task, (args if positional else None, kwargs if words else None)

    def _periodic_name(
        self,
        facts: FileFacts,
        scope: int,
        given: dict[str, ast.expr],
        task: str,
        arguments: tuple[Option | None, Option | None],
    ) -> str:
        """The given name, else the signature's repr, as Celery takes it."""
        if "name" in given:
            text = self._handles.text(facts, scope, given["name"])
            return text if text is not None else one_line(ast.unparse(given["name"]))
        args, kwargs = arguments
        shown = ", ".join(map(repr, args.value)) if args and _known(args) else ""  # type: ignore[arg-type]
        if kwargs is not None and isinstance(kwargs.value, dict):
            words = ", ".join(f"{k}={v!r}" for k, v in kwargs.value.items())
            shown = f"{shown}, {words}" if shown else words
        return f"{task}({shown})"

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


def _known(option: Option) -> bool:
    return option.is_literal and isinstance(option.value, tuple)


def _fields(node: ast.Dict | ast.Call) -> Fields:
    nodes: dict[str, ast.expr] = {}
    spreads: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spreads.append(value)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                nodes[key.value] = value
    else:
        spreads += node.args
        for word in node.keywords:
            if word.arg is None:
                spreads.append(word.value)
            else:
                nodes[word.arg] = word.value
    return Fields(nodes, tuple(spreads))


def _is_entry(node: ast.expr) -> bool:
    if isinstance(node, ast.Dict | ast.Call):
        return "schedule" in _fields(node).nodes
    return False


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
    return CONTAINERS.get(entry.statement, ContainerKind.OTHER)


def _option(facts: FileFacts, nodes: dict[str, ast.expr], name: str) -> Option | None:
    node = nodes.get(name)
    return None if node is None else option_of(facts, name, node)


def _options(facts: FileFacts, node: ast.expr | None) -> tuple[Option, ...]:
    if node is None:
        return ()
    if not isinstance(node, ast.Dict | ast.Call):
        return (Option("**", text_of(facts, node)),)
    fields = _fields(node)
    found = [option_of(facts, name, value) for name, value in fields.nodes.items()]
    found += [Option("**", text_of(facts, spread)) for spread in fields.spreads]
    return tuple(found)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and not node.value
