"""What function bodies do: FunctionFacts of tasks and of the functions they reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.model import Call, FunctionFacts, Handler, Location
from migrator.scan.facts import BindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.scan.definitions import KnownTask
    from migrator.scan.facts import CallFact, Chain, Definition, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

NAMED = frozenset({"external", "elsewhere", "builtin", "definition", "module"})
# Calls of calls that are followed from a task. The fourth level changed no verdict of
# 192 labelled tasks: docs/reference/classification.md.
MAX_REACH = 3
MAX_FUNCTIONS = 5_000  # in all; a bound for generated projects


@dataclass(frozen=True, slots=True)
class Place:
    """A function, and the class that `self` is an object of, where it is another."""

    facts: FileFacts
    definition: Definition
    owner: Found | None = None

    @property
    def key(self) -> tuple[str, str, tuple[str, str]]:
        owner = ("", "") if self.owner is None else self.owner.key
        return (self.facts.path, self.definition.qualname, owner)

    @property
    def self_name(self) -> str:
        first = self.definition.parameters[:1]
        return first[0].name if first else ""


class Bodies:
    """Builds facts of bodies, each once, and follows calls into the project."""

    def __init__(self, resolver: Resolver, deep: Resolver) -> None:
        self._resolver = resolver  # names calls
        self._deep = deep  # follows them, and reads further files for it
        self._by_function: dict[str, dict[int, list[CallFact]]] = {}
        self._facts: dict[tuple[object, ...], FunctionFacts] = {}

    def of_task(self, known: KnownTask) -> FunctionFacts:
        """The facts of a task's body, nested functions included."""
        return self._of(self._place(known))

    def follow(self, tasks: Iterable[KnownTask]) -> tuple[FunctionFacts, ...]:
        """The project functions that task bodies reach, to depth MAX_REACH."""
        level = [self._place(known) for known in tasks]
        own = {(place.facts.path, place.definition.qualname) for place in level}
        found: dict[tuple[str, str], FunctionFacts] = {}
        for _ in range(MAX_REACH):
            following: list[Place] = []
            for place in level:
                for target in self._targets(place):
                    key = (target.facts.path, target.definition.qualname)
                    if key in found or key in own or len(found) >= MAX_FUNCTIONS:
                        continue
                    found[key] = self._of(target)
                    following.append(target)
            level = following
        return tuple(sorted(found.values(), key=lambda one: one.qualified_name))

    def _place(self, known: KnownTask) -> Place:
        return Place(known.body_facts, known.body, self._owner(known))

    def _owner(self, known: KnownTask) -> Found | None:
        """What `self` is: the task class, or the class given as `base=`."""
        facts, scope = known.facts, known.definition.scope
        chain: Chain
        if known.definition.is_class:
            chain = (known.definition.name,)
        elif known.task.is_bound and known.task.base:
            chain = tuple(known.task.base.split("."))
        else:
            return None
        for found in self._resolver.chain(facts, scope, chain):
            if found.definition is not None and found.definition.is_class:
                return replace(found, kind="instance")
        return None

    def _of(self, place: Place) -> FunctionFacts:
        if place.key not in self._facts:
            self._facts[place.key] = self._build(place)
        return self._facts[place.key]

    # ---------------------------------------------------------------- building

    def _build(self, place: Place) -> FunctionFacts:
        facts, definition = place.facts, place.definition
        parts = _with_nested(facts, definition)
        handlers = [
            Handler(tuple(self._name(facts, part, c) for c in caught), where)
            for part in parts
            for caught, where in part.handlers
        ]
        return FunctionFacts(
            qualified_name=f"{facts.module}.{definition.qualname}",
            location=definition.location,
            statements=sum(part.statements for part in parts),
            calls=tuple(self._calls(place, parts)),
            loops=tuple(loop for part in parts for loop in part.loops),
            handlers=tuple(handlers),
            request_attributes=tuple(
                seen for part in parts for seen in part.request_attributes
            ),
            globals_written=tuple(n for part in parts for n in part.globals_written),
            assignments=tuple(one for part in parts for one in part.assignments),
            is_async=definition.is_async,
            is_generator=definition.is_generator,
            returns_value=definition.returns_value,
        )

    def _calls_in(self, facts: FileFacts) -> dict[int, list[CallFact]]:
        if facts.path not in self._by_function:
            grouped: dict[int, list[CallFact]] = {}
            for call in facts.calls:
                grouped.setdefault(call.function, []).append(call)
            self._by_function[facts.path] = grouped
        return self._by_function[facts.path]

    def _calls(self, place: Place, parts: list[Definition]) -> Iterator[Call]:
        facts, grouped = place.facts, self._calls_in(place.facts)
        for part in parts:
            for call in grouped.get(facts.by_qualname[part.qualname], ()):
                target, resolved = self._target(place, call)
                yield Call(
                    target=target,
                    location=Location(facts.path, call.line, call.column),
                    resolved=resolved,
                    loop_depth=call.loop_depth,
                    keywords=call.keywords,
                    source=call.source,
                )

    # ------------------------------------------------------------------- names

    def _name(self, facts: FileFacts, definition: Definition, chain: Chain) -> str:
        for found in self._resolver.chain(facts, definition.inner, chain):
            if found.kind in {"external", "elsewhere", "builtin", "definition"}:
                return ".".join((found.name, *found.rest))
        return ".".join(chain)

    def _target(self, place: Place, call: CallFact) -> tuple[str, bool]:
        """The dotted name of a callee, and whether its first part was traced."""
        written = ".".join(call.chain)
        if call.chain[0] in {"self", place.self_name} and len(call.chain) > 1:
            methods = self._methods(place, call)
            return (methods[0].name, True) if methods else (written, False)
        found = self._first(place.facts, call.scope, call.chain)
        if found is None:
            return written, False
        if found.kind in NAMED:
            return ".".join((found.name, *found.rest)), True
        return written, False

    def _methods(self, place: Place, call: CallFact) -> list[Found]:
        """The project's methods that `self.name(...)` calls."""
        if place.owner is not None and call.chain[0] == place.self_name:
            found = self._resolver.members(place.owner, call.chain[1:])
        else:
            found = self._resolver.chain(place.facts, call.scope, call.chain)
        return [one for one in found if one.kind == "definition" and not one.rest]

    def _first(self, facts: FileFacts, scope: int, chain: Chain) -> Found | None:
        """What the chain is; for a local variable what it was made from."""
        found = self._resolver.chain(facts, scope, chain)
        ranked = sorted(found, key=lambda one: _RANK.get(one.kind, 9))
        if not ranked:
            return None
        best = ranked[0]
        if best.kind in {"value", "unknown"} and len(chain) > 1:
            return self._through(facts, scope, chain) or best
        return best

    def _through(self, facts: FileFacts, scope: int, chain: Chain) -> Found | None:
        """`Model.objects.filter(...).delete`: named from its first part."""
        bindings, _ = self._resolver.lookup(facts, scope, chain[0])
        if not any(
            b.kind in {BindingKind.IMPORT, BindingKind.DEFINITION} for b in bindings
        ):
            return None
        for found in self._resolver.chain(facts, scope, chain[:1]):
            if found.kind in NAMED - {"builtin"}:
                return replace(found, rest=chain[1:])
        return None

    # --------------------------------------------------------------- following

    def _targets(self, place: Place) -> Iterator[Place]:
        facts, grouped = place.facts, self._calls_in(place.facts)
        for part in _with_nested(facts, place.definition):
            for call in grouped.get(facts.by_qualname[part.qualname], ()):
                own = call.chain[0] == place.self_name and len(call.chain) > 1
                if own and place.owner is not None:
                    found = self._methods(place, call)
                else:
                    found = self._deep.chain(facts, call.scope, call.chain)
                for one in found:
                    target = _followed(one, place.owner if own else None)
                    if target is not None:
                        yield target


def _with_nested(facts: FileFacts, definition: Definition) -> list[Definition]:
    prefix = f"{definition.qualname}.<locals>."
    nested = [d for d in facts.definitions if d.qualname.startswith(prefix)]
    return [definition, *nested]


def _followed(found: Found, owner: Found | None) -> Place | None:
    definition, facts = found.definition, found.facts
    if found.kind != "definition" or definition is None or facts is None:
        return None
    if not definition.is_class:
        return None if found.rest else Place(facts, definition, owner)
    index = facts.by_qualname.get(f"{definition.qualname}.__init__")
    return None if index is None else Place(facts, facts.definitions[index])


_RANK = {
    "definition": 0,
    "external": 1,
    "elsewhere": 1,
    "builtin": 2,
    "module": 3,
    "value": 4,
}
