"""What function bodies do: FunctionFacts of tasks and of the functions they reach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import Call, FunctionFacts, Handler, Location
from migrator.scan.facts import BindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.scan.definitions import KnownTask
    from migrator.scan.facts import CallFact, Chain, Definition, FileFacts
    from migrator.scan.resolve import Found, Resolver

MAX_REACH = 3  # calls of calls that are followed from a task's body
MAX_FUNCTIONS = 5_000  # in all; a bound for generated projects


class Bodies:
    """Builds facts of bodies, each once, and follows calls into the project."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._by_function: dict[str, dict[int, list[CallFact]]] = {}
        self._facts: dict[tuple[str, str], FunctionFacts] = {}
        self._reached: dict[tuple[str, str], tuple[FileFacts, Definition]] = {}

    def of(self, facts: FileFacts, definition: Definition) -> FunctionFacts:
        """The facts of one body, nested functions included."""
        key = (facts.path, definition.qualname)
        if key not in self._facts:
            self._facts[key] = self._build(facts, definition)
        return self._facts[key]

    def follow(self, tasks: Iterable[KnownTask]) -> tuple[FunctionFacts, ...]:
        """The project functions that task bodies reach, to depth MAX_REACH."""
        started = list(tasks)
        own = {(known.facts.path, known.body.qualname) for known in started}
        level = [(known.facts, known.body) for known in started]
        found: dict[tuple[str, str], FunctionFacts] = {}
        for _ in range(MAX_REACH):
            following: list[tuple[FileFacts, Definition]] = []
            for facts, definition in level:
                for target in self._targets(facts, definition):
                    key = (target[0].path, target[1].qualname)
                    if key in found or key in own or len(found) >= MAX_FUNCTIONS:
                        continue
                    found[key] = self.of(*target)
                    following.append(target)
            level = following
        return tuple(sorted(found.values(), key=lambda one: one.qualified_name))

    # ---------------------------------------------------------------- building

    def _build(self, facts: FileFacts, definition: Definition) -> FunctionFacts:
        parts = self._with_nested(facts, definition)
        handlers = [
            Handler(tuple(self._name(facts, part, c) for c in caught), place)
            for part in parts
            for caught, place in part.handlers
        ]
        return FunctionFacts(
            qualified_name=f"{facts.module}.{definition.qualname}",
            location=definition.location,
            statements=sum(part.statements for part in parts),
            calls=tuple(self._calls(facts, parts)),
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

    def _with_nested(
        self, facts: FileFacts, definition: Definition
    ) -> list[Definition]:
        prefix = f"{definition.qualname}.<locals>."
        nested = [d for d in facts.definitions if d.qualname.startswith(prefix)]
        return [definition, *nested]

    def _calls_in(self, facts: FileFacts) -> dict[int, list[CallFact]]:
        if facts.path not in self._by_function:
            grouped: dict[int, list[CallFact]] = {}
            for call in facts.calls:
                grouped.setdefault(call.function, []).append(call)
            self._by_function[facts.path] = grouped
        return self._by_function[facts.path]

    def _calls(self, facts: FileFacts, parts: list[Definition]) -> Iterable[Call]:
        grouped = self._calls_in(facts)
        for part in parts:
            index = facts.by_qualname[part.qualname]
            for call in grouped.get(index, ()):
                target, resolved = self._target(facts, call)
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
            if found.kind in {"external", "builtin", "definition"}:
                return ".".join((found.name, *found.rest))
        return ".".join(chain)

    def _target(self, facts: FileFacts, call: CallFact) -> tuple[str, bool]:
        """The dotted name of a callee, and whether its first part was traced."""
        written = ".".join(call.chain)
        if call.chain[0] == "self":
            return written, self._is_method(facts, call)
        found = self._first(facts, call.scope, call.chain)
        if found is None:
            return written, False
        if found.kind in {"external", "builtin", "definition", "module"}:
            return ".".join((found.name, *found.rest)), True
        return written, False

    def _is_method(self, facts: FileFacts, call: CallFact) -> bool:
        found = self._resolver.chain(facts, call.scope, call.chain)
        return any(one.kind == "definition" for one in found)

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
            if found.kind in {"external", "definition", "module"}:
                return replace(found, rest=chain[1:])
        return None

    # --------------------------------------------------------------- following

    def _targets(
        self, facts: FileFacts, definition: Definition
    ) -> list[tuple[FileFacts, Definition]]:
        grouped = self._calls_in(facts)
        found: list[tuple[FileFacts, Definition]] = []
        for part in self._with_nested(facts, definition):
            for call in grouped.get(facts.by_qualname[part.qualname], ()):
                for one in self._resolver.chain(facts, call.scope, call.chain):
                    target = self._followed(one)
                    if target is not None:
                        found.append(target)
        return found

    def _followed(self, found: Found) -> tuple[FileFacts, Definition] | None:
        definition, facts = found.definition, found.facts
        if found.kind != "definition" or definition is None or facts is None:
            return None
        if not definition.is_class:
            return (facts, definition) if not found.rest else None
        index = facts.by_qualname.get(f"{definition.qualname}.__init__")
        return None if index is None else (facts, facts.definitions[index])


_RANK = {"definition": 0, "external": 1, "builtin": 2, "module": 3, "value": 4}
