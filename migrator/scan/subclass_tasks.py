"""Tasks that a class makes once for each of its subclasses, in `__init_subclass__`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.model import DefinitionKind, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Location, TaskDefinition
    from migrator.scan.facts import Definition, FileFacts
    from migrator.scan.maker import Maker
    from migrator.scan.resolve import Resolver
    from migrator.scan.task_records import TaskRecords

HOOK = ".__init_subclass__.<locals>."
Body = tuple["FileFacts", "Definition"]


@dataclass(frozen=True, slots=True)
class _Factory:
    facts: FileFacts
    definition: Definition  # the function that becomes a task
    maker: Maker
    place: Location
    source: str


class SubclassTasks:
    """Remembers the factories, and applies them to the subclasses it is shown."""

    def __init__(self, resolver: Resolver, records: TaskRecords) -> None:
        self._resolver = resolver
        self._records = records
        self._factories: dict[tuple[str, str], _Factory] = {}
        self.names: set[str] = set()  # of the classes and of their subclasses

    def forget(self) -> None:
        self._factories.clear()

    def takes(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        place: Location,
        source: str,
    ) -> bool:
        """Whether the definition stands in such a hook; it is remembered then."""
        owner, hook, _ = definition.qualname.partition(HOOK)
        if not hook:
            return False
        self._factories[facts.path, owner] = _Factory(
            facts, definition, maker, place, source
        )
        self.names.add(owner.rpartition(".")[2])
        reason = "a task is made for each subclass when it is defined"
        self._records.blind("task-per-subclass", place, source, reason)
        return True

    def of(
        self, facts: FileFacts, definition: Definition
    ) -> Iterator[tuple[TaskDefinition, Body]]:
        """The tasks that are made for a class of the project."""
        if not self._factories or not definition.is_class:
            return
        found = self._resolver.chain(facts, definition.scope, (definition.name,))
        for owner in found:
            if owner.definition is not definition:
                continue
            for base in self._resolver.bases_of(owner):
                factory = self._factories.get(base.key)
                if factory is not None:
                    self.names.add(definition.name)
                    yield self._task(facts, definition, factory)
                    return

    def _task(
        self, facts: FileFacts, owner: Definition, factory: _Factory
    ) -> tuple[TaskDefinition, Body]:
        maker = replace(factory.maker, kind=DefinitionKind.CALL)
        given = next((o for o in maker.options if o.name == "name"), None)
        name = f"{factory.facts.module}.{factory.definition.name}"
        certain = given is None
        if given is not None:
            known = {
                "cls.__module__": facts.module,
                "cls.__name__": owner.name,
                "cls.__qualname__": owner.qualname,
            }
            scope = factory.definition.scope
            read = self._records.known_name(factory.facts, scope, given, known)
            name, certain = read or f"{facts.module}.{owner.name}", bool(read)
            told = Option("name", given.source, read or None, is_literal=bool(read))
            others = tuple(o for o in maker.options if o.name != "name")
            maker = replace(maker, options=(told, *others))
        record = self._records.task(
            factory.facts,
            factory.definition,
            maker,
            factory.place,
            factory.source,
            None,
        )
        function = factory.definition.name
        task = replace(
            record,
            name=name,
            module=facts.module,
            qualified_name=f"{facts.module}.{owner.qualname}.{function}",
            location=owner.location,
            name_is_certain=certain,
            in_tests=facts.in_tests,
        )
        return task, (factory.facts, factory.definition)
