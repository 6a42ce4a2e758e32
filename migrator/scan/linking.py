"""From the facts of all files to the Inventory."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.aliases import PassedOn, applications_in
from migrator.scan.apps import Apps
from migrator.scan.definitions import Definitions
from migrator.scan.gathering import Gathering
from migrator.scan.makers import Makers
from migrator.scan.markers import Names
from migrator.scan.project_tests import Known
from migrator.scan.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Inventory
    from migrator.scan.facts import FileFacts
    from migrator.scan.modules import ModuleIndex

MAX_ROUNDS = 6  # of wrappers around wrappers


class Linker:
    """Takes files as they are read, and links them once all are there."""

    def __init__(self, modules: ModuleIndex) -> None:
        self._modules = modules
        self._files: dict[str, FileFacts] = {}
        self._passed_on = PassedOn()
        self._resolver = Resolver(modules)
        self._deep = Resolver(modules, reads=True)
        self._apps = Apps(self._resolver)
        self._makers = Makers(self._resolver, self._apps)
        self._definitions = Definitions(
            self._resolver, self._deep, self._apps, self._makers
        )

    def has(self, path: str) -> bool:
        return path in self._files

    def files(self) -> list[FileFacts]:
        return list(self._files.values())

    def add(self, files: Iterable[FileFacts]) -> None:
        """Read the wrappers and tasks of more files."""
        for facts in files:
            self._files[facts.path] = facts
        # A name that led to a file not yet read may lead to a wrapper now.
        self._resolver.forget()
        self._deep.forget()
        self._makers.forget()
        self._definitions.forget()
        for _ in range(MAX_ROUNDS):
            before = len(self._makers.wrappers)
            for facts in self._files.values():
                self._makers.look_for_wrappers(facts)
            if len(self._makers.wrappers) == before:
                break
        for facts in self._files.values():
            self._definitions.read(facts)
        self._definitions.complete(self._files.values())

    def names(self) -> Names:
        """What a file must hold to refer to what is known."""
        defining: set[str] = set()
        names: set[str] = set()
        for known in self._definitions.tasks.values():
            defining.add(_last(known.facts.module))
            names.add(known.definition.name)
            names |= _variables(known.facts, known.definition.name)
        own = self._makers.wrapper_names() | self._definitions.base_names
        names |= own
        passing = {
            _last(facts.module)
            for facts in self._files.values()
            if facts.stars or not names.isdisjoint(facts.scopes[0].bindings)
        }
        return Names(
            frozenset(defining | own | passing), frozenset(defining), frozenset(names)
        )

    def known(self) -> Known:
        """What a function must name to have to do with a task."""
        names = set(self.names().names)
        for known in self._definitions.tasks.values():
            names.add(known.task.name.rpartition(".")[2])
        names = self._passed_on.names(self._files.values(), names)
        apps = set().union(*(applications_in(one) for one in self._files.values()))
        return Known(frozenset(names), frozenset(apps))

    def link(self) -> Inventory:
        """Everything that the readers see in the files that were added."""
        self._definitions.settle()
        gathering = Gathering(
            self._resolver,
            self._deep,
            self._apps,
            self._definitions,
            set(self.names().names),
        )
        files = [self._files[path] for path in sorted(self._files)]
        gathering.read(files, self._modules)
        return gathering.inventory(files, self._makers)


def _last(module: str) -> str:
    return module.rpartition(".")[2]


def _variables(facts: FileFacts, name: str) -> set[str]:
    """Names that the module gives to the task besides its own."""
    return {
        variable
        for variable, bindings in facts.scopes[0].bindings.items()
        for binding in bindings
        if binding.value is not None and _mentions(binding.value, name)
    }


def _mentions(value: object, name: str) -> bool:
    if isinstance(value, ast.Name):
        return value.id == name
    if isinstance(value, ast.Call):
        return any(_mentions(argument, name) for argument in value.args) or (
            isinstance(value.func, ast.Name) and value.func.id == name
        )
    return False
