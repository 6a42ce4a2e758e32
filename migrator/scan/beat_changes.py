"""Statements that change beat's schedule after an entry was written into it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.scan.facts import NO_FUNCTION
from migrator.scan.vocabulary import BEAT_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import ScheduleEntry
    from migrator.scan.facts import AssignmentFact, CallFact, FileFacts

TAKES_OUT = frozenset({"pop", "popitem", "clear"})
# Keys of an entry: a value that is given to one later is not what the entry says.
ENTRY_KEYS = frozenset({"task", "schedule", "args", "kwargs", "options", "relative"})


@dataclass(frozen=True, slots=True)
class Change:
    """A statement, what of the file it concerns, and what that means."""

    path: str
    first: int  # lines of the statement itself
    last: int
    text: str  # in which the entry is named; "": it concerns every entry
    guard: str = ""  # the condition on which the entries are there; "": none is
    reason: str = ""  # why an entry is not what it says
    container: str = ""  # the only container that it concerns
    is_in_order: bool = False  # what is written below it is not concerned

    def concerns(self, entry: ScheduleEntry) -> bool:
        place = entry.location
        if place.path != self.path or self.first <= place.line <= self.last:
            return False
        if self.is_in_order and place.line > self.last:
            return False
        if self.container:
            return entry.app == self.container
        if not any(BEAT_NAME.search(name) for name in entry.app.split(".")):
            return False
        return not self.text or entry.name in self.text


class BeatChanges:
    """Collects them from every file; `applied` tells the entries."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def read(self, facts: FileFacts) -> None:
        for assignment in facts.assignments:
            if BEAT_NAME.search(assignment.target[-1]):
                self._changes += _of_assignment(facts.path, assignment)
        for call in facts.calls:
            if call.chain[-1] in TAKES_OUT and any(
                BEAT_NAME.search(name) for name in call.chain[:-1]
            ):
                self._changes.append(_of_call(facts.path, call))

    def applied(self, entries: Iterable[ScheduleEntry]) -> list[ScheduleEntry]:
        """The entries, conditional or unreadable where something changes them."""
        return [self._changed(entry) for entry in entries]

    def _changed(self, entry: ScheduleEntry) -> ScheduleEntry:
        for change in self._changes:
            if not change.concerns(entry):
                continue
            if change.reason:
                entry = replace(entry, spec=None, unreadable=change.reason)
            else:
                guards = [entry.guard, change.guard] if entry.guard else [change.guard]
                text = " and ".join(guards)
                entry = replace(entry, guard=text, guard_imports=None)
        return entry


def _of_assignment(path: str, assignment: AssignmentFact) -> Iterator[Change]:
    first, last = assignment.line, assignment.end_line
    key = assignment.key
    if isinstance(key, ast.Constant) and key.value in ENTRY_KEYS:
        reason = f"line {first} changes an entry after it was written"
        yield Change(path, first, last, "", reason=reason)
    if key is not None or assignment.operator != "=" or not assignment.guard:
        return
    if isinstance(assignment.value, ast.Name):
        name = assignment.value.id
        yield Change(path, first, last, "", assignment.guard, container=name)
    yield Change(
        path,
        first,
        last,
        "",
        f"not ({assignment.guard})",
        is_in_order=assignment.function == NO_FUNCTION,
    )


def _of_call(path: str, call: CallFact) -> Change:
    named = call.source if call.positional else ""
    if '"' not in named and "'" not in named:
        named = ""
    reason = f"line {call.line} takes an entry out again"
    return Change(path, call.line, call.line, named, reason=reason)
