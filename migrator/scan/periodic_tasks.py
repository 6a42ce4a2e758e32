"""`add_periodic_task`, wherever it is called."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, ContainerKind, Location, Option, ScheduleEntry
from migrator.scan.entry_fields import field_option
from migrator.scan.guards import guard_imports
from migrator.scan.literals import is_literal
from migrator.scan.options import options_of, text_of
from migrator.scan.schedule_spec import ScheduleReader
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import CallFact, FileFacts
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver

ARGUMENTS = ("schedule", "sig", "args", "kwargs", "name")
Arguments = tuple[Option | None, Option | None]


class PeriodicTasks:
    """Reads the calls of every file as schedule entries."""

    def __init__(self, resolver: Resolver, handles: Handles) -> None:
        self._handles = handles
        self._reader = ScheduleReader(resolver)
        self.entries: list[ScheduleEntry] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for call in facts.calls:
            if call.chain[-1] == "add_periodic_task" and call.node is not None:
                self._periodic(facts, call, call.node)

    def _periodic(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        given = dict(zip(ARGUMENTS, node.args, strict=False))
        given |= {word.arg: word.value for word in node.keywords if word.arg}
        if "schedule" not in given or "sig" not in given:
            reason = "its arguments are known only at run time"
            self._blind("dynamic-periodic-task", facts, call, reason)
            return
        reading = self._reader.read(facts, call.scope, given["schedule"])
        if call.loop_depth:
            reason = f"it is added in a loop over {call.loop_iterates}"
            reading = replace(reading, spec=None, unreadable=reason)
        task, arguments = self._signature(facts, call.scope, given)
        if not task:
            shown = one_line(ast.unparse(given["sig"]))
            reason = f"what {shown} is cannot be seen here"
            self._blind("unresolved-schedule-task", facts, call, reason)
        self.entries.append(
            ScheduleEntry(
                name=self._name(facts, call.scope, given, task, arguments),
                task=task or one_line(text_of(facts, given["sig"])),
                kind=reading.kind,
                location=Location(facts.path, call.line, call.column),
                end_line=node.end_lineno or node.lineno,
                container=ContainerKind.ADD_PERIODIC_TASK,
                source=one_line(text_of(facts, given["schedule"])),
                spec=reading.spec,
                unreadable=reading.unreadable,
                args=arguments[0] or field_option(facts, given, "args"),
                kwargs=arguments[1] or field_option(facts, given, "kwargs"),
                options=_send_options(facts, node),
                guard=call.guard,
                guard_imports=guard_imports(call.guard, facts, call.scope),
                app=".".join(call.chain[:-1]),
            )
        )

    def _signature(
        self, facts: FileFacts, scope: int, given: dict[str, ast.expr]
    ) -> tuple[str, Arguments]:
        """The task, and the arguments of `task.s(...)`."""
        node = given["sig"]
        handles = self._handles.of(facts, scope, node)
        names = {h.task for h in handles if h.kind in {"task", "signature"} and h.task}
        task = names.pop() if len(names) == 1 else ""
        if not isinstance(node, ast.Call):
            return task, (None, None)
        return task, (_positional(facts, node.args), _named(facts, node.keywords))

    def _name(
        self,
        facts: FileFacts,
        scope: int,
        given: dict[str, ast.expr],
        task: str,
        arguments: Arguments,
    ) -> str:
        """The given name, else the signature's repr, as Celery takes it."""
        if "name" in given:
            text = self._handles.text(facts, scope, given["name"])
            return text if text is not None else one_line(ast.unparse(given["name"]))
        args, kwargs = arguments
        values = args.value if args is not None else None
        words = kwargs.value if kwargs is not None else None
        shown = [repr(value) for value in values] if isinstance(values, tuple) else []
        if isinstance(words, dict):
            shown += [f"{name}={value!r}" for name, value in words.items()]
        return f"{task}({', '.join(shown)})"

    def _blind(self, kind: str, facts: FileFacts, call: CallFact, reason: str) -> None:
        place = Location(facts.path, call.line, call.column)
        self.blind_spots.append(BlindSpot(kind, place, call.source, reason))


def _positional(facts: FileFacts, nodes: list[ast.expr]) -> Option | None:
    if not nodes:
        return None
    source = ", ".join(text_of(facts, node) for node in nodes)
    value, known = is_literal(ast.Tuple(elts=nodes, ctx=ast.Load()))
    return Option("args", f"({source},)", value, known)


def _named(facts: FileFacts, words: list[ast.keyword]) -> Option | None:
    if not words:
        return None
    parts = [
        f"{word.arg!r}: {text_of(facts, word.value)}"
        if word.arg
        else f"**{text_of(facts, word.value)}"
        for word in words
    ]
    keys = [ast.Constant(word.arg) if word.arg else None for word in words]
    mapping = ast.Dict(keys=keys, values=[word.value for word in words])  # type: ignore[arg-type]
    value, known = is_literal(mapping)
    return Option("kwargs", f"{{{', '.join(parts)}}}", value, known)


def _send_options(facts: FileFacts, node: ast.Call) -> tuple[Option, ...]:
    """The keywords that go to apply_async: queue, expires, and the like."""
    words = [word for word in node.keywords if word.arg not in ARGUMENTS]
    options, _ = options_of(facts, words)
    return options


def without_overwritten(entries: list[ScheduleEntry]) -> list[ScheduleEntry]:
    """Mark calls that a later one with the same name replaces, as Celery does."""
    last: dict[tuple[str, str], ScheduleEntry] = {}
    for entry in entries:
        if entry.container is ContainerKind.ADD_PERIODIC_TASK and not entry.guard:
            last[entry.location.path, entry.name] = entry
    return [_overwritten(entry, last) for entry in entries]


def _overwritten(
    entry: ScheduleEntry, last: dict[tuple[str, str], ScheduleEntry]
) -> ScheduleEntry:
    winner = last.get((entry.location.path, entry.name), entry)
    is_call = entry.container is ContainerKind.ADD_PERIODIC_TASK
    if winner is entry or not is_call or entry.guard:
        return entry
    reason = f"it never runs: {winner.location} adds the same signature without a name"
    return replace(entry, spec=None, unreadable=reason, enabled=False)
