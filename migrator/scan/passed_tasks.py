"""Tasks that are handed to functions and constructors, by the parameter they become."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, Location
from migrator.scan.arguments import MEMBER, Arguments
from migrator.scan.subclass_members import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.scan.arguments import Parameter
    from migrator.scan.facts import CallFact, FileFacts, Given, ReferenceFact
    from migrator.scan.found import Found
    from migrator.scan.handle import Handle
    from migrator.scan.handles import Handles
    from migrator.scan.relevance import Relevance
    from migrator.scan.resolve import Resolver
    from migrator.scan.subclass_members import SubclassMembers

MAX_ROUNDS = 6  # of functions that hand a parameter on to other functions


class PassedTasks:
    """Follows tasks from the calls that name them to the parameters that carry them.

    It goes from the caller to the function, because a caller names the task and is read
    for that, while a class in between may be in a file that no filter has kept.
    """

    def __init__(
        self,
        deep: Resolver,
        handles: Handles,
        relevance: Relevance,
        below: SubclassMembers,
    ) -> None:
        self._deep = deep
        self._below = below
        self._handles = handles
        self._relevance = relevance
        self._arguments = Arguments(deep)
        self._files: dict[str, FileFacts] = {}
        self._first: dict[tuple[str, int], ReferenceFact] = {}  # argument 0 of calls
        self._calls: set[str] = set()  # last names of calls that hand a task over
        self._names: set[str] = set()  # of parameters and of what they are stored as
        self.carried = handles.passed
        self.handed_to: list[FileFacts] = []  # files that were not read before

    def read(self, files: list[FileFacts]) -> None:
        """Fill `carried`, until nothing is handed on any further."""
        for facts in files:
            self._add(facts)
        for _ in range(MAX_ROUNDS):
            before = sum(map(len, self.carried.values()))
            for facts in list(self._files.values()):
                for one in facts.references:
                    if one.given is not None and self._may_carry(facts, one):
                        self._hand_over(facts, one, one.given)
            if sum(map(len, self.carried.values())) == before:
                break

    def _add(self, facts: FileFacts) -> None:
        self._files[facts.path] = facts
        for reference in facts.references:
            if reference.given is not None and reference.given[1] == "0":
                self._first[facts.path, reference.given[0]] = reference

    def _may_carry(self, facts: FileFacts, reference: ReferenceFact) -> bool:
        chain = reference.chain
        if len(chain) == 1 and chain[0] in OWN:  # a bound task gives itself
            return facts.scopes[reference.scope].kind == "function"
        if chain[0] in OWN:
            call = facts.calls[reference.given[0] if reference.given else 0]
            return call.chain[-1] in self._calls or chain[-1] in self._names
        if chain[-1] in self._names:
            return True
        return self._relevance.may_be_task(facts, reference.scope, chain)

    def _hand_over(
        self, facts: FileFacts, reference: ReferenceFact, given: Given
    ) -> None:
        tasks = self._tasks(facts, reference)
        if not tasks:
            return
        call = facts.calls[given[0]]
        for parameter in self._taken_as(facts, call, given):
            self._calls.add(call.chain[-1])
            known = self.carried.setdefault(parameter, [])
            known += [task for task in tasks if task not in known]
            self._learn(parameter)

    def _tasks(self, facts: FileFacts, reference: ReferenceFact) -> list[Handle]:
        handles = self._handles.of_chain(facts, reference.scope, reference.chain)
        tasks = [one for one in handles if one.kind == "task" and not one.attribute]
        if tasks or len(reference.chain) != 2:  # noqa: PLR2004 - self.task
            return tasks
        root, name = reference.chain
        member = ast.Attribute(ast.Name(root, ast.Load()), name, ast.Load())
        below = self._below.of(facts, reference.scope, member)
        return [one for one in below if one.kind == "task" and not one.attribute]

    def _taken_as(
        self, facts: FileFacts, call: CallFact, given: Given
    ) -> list[Parameter]:
        first = self._first.get((facts.path, given[0]))
        found: list[Found] = []
        if first is not None:
            found = self._deep.chain(facts, first.scope, first.chain)
        return self._arguments.taken_as(facts, call, given[1], found)

    def _learn(self, parameter: Parameter) -> None:
        """Read the file that the function is in, and what stores the parameter."""
        path, scope, name = parameter
        bare = name.removesuffix(MEMBER)
        facts = self._deep.modules.facts(path)
        if facts is None:
            return
        if path not in self._files:
            self._add(facts)
            self.handed_to.append(facts)
        self._names.add(bare)
        for around in facts.scopes:
            for stored, bindings in around.bindings.items():
                for one in bindings:
                    is_name = isinstance(one.value, ast.Name) and one.scope == scope
                    if is_name and one.value.id == bare:  # type: ignore[union-attr]
                        self._names.add(stored)

    # ------------------------------------------------------------- blind spots

    def blind_spots(self, files: Iterable[FileFacts]) -> list[BlindSpot]:
        """Calls that hand over, where others hand over a task, what cannot be seen."""
        return [
            spot
            for facts in files
            if not facts.in_tests
            for index, call in enumerate(facts.calls)
            if call.chain[-1] in self._calls
            for spot in self._unseen(facts, index, call)
        ]

    def _unseen(
        self, facts: FileFacts, index: int, call: CallFact
    ) -> Iterable[BlindSpot]:
        slots = [*map(str, range(call.positional)), *call.keywords]
        for slot in slots:
            taken = self._taken_as(facts, call, (index, slot))
            if not any(one in self.carried for one in taken):
                continue
            here = (index, slot)
            given = [one for one in facts.references if one.given == here]
            if any(self._tasks(facts, one) for one in given):
                continue
            if _is_constant(call, slot):
                continue
            name = taken[0][2]
            reason = f"others give a task as `{name}`, and what this gives is not seen"
            place = Location(facts.path, call.line, call.column)
            yield BlindSpot("unresolved-receiver", place, call.source, reason)


def _is_constant(call: CallFact, slot: str) -> bool:
    """Whether the source of the call gives a literal there, such as None."""
    try:
        node = ast.parse(call.source, mode="eval").body
    except SyntaxError:  # shortened
        return False
    if not isinstance(node, ast.Call):
        return False
    named = {word.arg: word.value for word in node.keywords}
    value = node.args[int(slot)] if slot.isdecimal() else named[slot]
    return isinstance(value, ast.Constant)
