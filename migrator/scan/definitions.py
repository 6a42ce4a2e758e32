"""The project's tasks: decorated, in call form, and class-based."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.model import DefinitionKind, Location, TaskDefinition
from migrator.scan.maker import Maker, with_call
from migrator.scan.options import text_of
from migrator.scan.subclass_tasks import SubclassTasks
from migrator.scan.task_records import TaskRecords
from migrator.scan.vocabulary import TASK_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import BlindSpot
    from migrator.scan.apps import Apps
    from migrator.scan.facts import CallFact, Definition, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.makers import Makers
    from migrator.scan.resolve import Resolver

Key = tuple[str, str]  # path and qualname


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task with the definition it was read from."""

    task: TaskDefinition
    facts: FileFacts
    definition: Definition  # of the function, or of the class
    body: Definition  # of the function, or of the `run` method
    body_facts: FileFacts  # the file of the body: `run` may be inherited


class Definitions:
    """Finds task definitions and remembers them by their place."""

    def __init__(
        self, resolver: Resolver, deep: Resolver, apps: Apps, makers: Makers
    ) -> None:
        self._resolver = resolver
        self._apps = apps
        self._makers = makers
        self._records = TaskRecords(resolver, deep)
        self._subclasses = SubclassTasks(resolver, self._records)
        self.tasks: dict[Key, KnownTask] = {}
        self._used_wrappers: set[Key] = set()

    @property
    def blind_spots(self) -> list[BlindSpot]:
        return self._records.blind_spots

    @property
    def symbols(self) -> dict[str, str]:
        """Task names by the dotted name of the constant that holds them elsewhere."""
        return self._records.symbols

    @property
    def base_names(self) -> set[str]:
        """Classes that make a task for each subclass of theirs."""
        return self._subclasses.names

    def forget(self) -> None:
        """Start again: more files have been read."""
        self.tasks.clear()
        self._records.blind_spots.clear()
        self._records.symbols.clear()
        self._used_wrappers.clear()
        self._subclasses.forget()

    # ----------------------------------------------------------------- reading

    def read(self, facts: FileFacts) -> None:
        """All tasks that a file defines; call again only for other files."""
        for definition in facts.definitions:
            self._decorated(facts, definition)
        for call in facts.calls:
            if call.node is not None and call.use != "decorator":
                self._called(facts, call)

    def complete(self, files: Iterable[FileFacts]) -> None:
        """Add the tasks that are made once for each subclass of a class."""
        for facts in files:
            for definition in facts.definitions:
                for task, body in self._subclasses.of(facts, definition):
                    key = (facts.path, f"{definition.qualname}.{task.function}")
                    self.tasks[key] = KnownTask(task, *body, body[1], body[0])

    def settle(self) -> None:
        """Take out what is nested in a wrapper: it is made once for each use."""
        for key in list(self.tasks):
            path, qualname = key
            outer = qualname.split(".<locals>.")
            around = {
                (path, ".<locals>.".join(outer[:depth]))
                for depth in range(1, len(outer))
            }
            around |= {(path, name.rpartition(".")[0]) for _, name in around}
            if around & self._used_wrappers:
                del self.tasks[key]

    def _decorated(self, facts: FileFacts, definition: Definition) -> None:
        for index, decorator in enumerate(definition.decorators):
            maker = self._makers.of(facts, definition.scope, decorator)
            if maker is not None:
                place = index
                if maker.kind is DefinitionKind.LIGHT:
                    maker, place = self._adopting(facts, definition, maker, index)
                self._add(facts, definition, maker, decorator, place)
                return
            reason = self._makers.unresolved(facts, definition.scope, decorator)
            if reason:
                self._records.blind(
                    "unresolved-task-decorator",
                    _at(facts, decorator),
                    text_of(facts, decorator),
                    reason,
                )

    def _adopting(
        self, facts: FileFacts, definition: Definition, light: Maker, index: int
    ) -> tuple[Maker, int]:
        """`@light_task` above a decorator that makes the task: that one counts."""
        for lower, decorator in enumerate(definition.decorators):
            if lower > index:
                inner = self._makers.of(facts, definition.scope, decorator)
                if inner is not None:
                    return replace(inner, kind=DefinitionKind.LIGHT), lower
        return light, index

    def _called(self, facts: FileFacts, call: CallFact) -> None:
        assert call.node is not None  # noqa: S101 - checked by the caller
        last = call.chain[-1]
        if last == "register_task":
            self._registered(facts, call)
            return
        arguments = call.node.args
        if not arguments or not self._makers.may_make(call):
            return
        for found in self._resolver.expression(facts, call.scope, arguments[0]):
            definition = found.definition
            if found.kind != "definition" or definition is None or found.rest:
                continue
            maker = self._makers.of(facts, call.scope, call.node.func)
            if maker is None or found.facts is None:
                return
            if definition.is_class and not self.is_task_class(found):
                return
            self._add_called(found, maker, call, facts)

    def _add_called(
        self, found: Found, maker: Maker, call: CallFact, facts: FileFacts
    ) -> None:
        assert found.definition is not None and found.facts is not None  # noqa: S101, PT018 - checked by the caller
        assert call.node is not None  # noqa: S101 - checked by the caller
        if (found.facts.path, found.definition.qualname) in self.tasks:
            return
        node = call.node
        if not isinstance(node.func, ast.Call):
            maker = with_call(maker, node, facts)
        self._store(found.facts, found.definition, maker, call, DefinitionKind.CALL)

    # ----------------------------------------------------------- class-based

    def is_task_class(self, found: Found) -> bool:
        """Whether a project class inherits from Celery's Task."""
        return any(
            self._is_celery_task(base) for base in self._resolver.bases_of(found)
        )

    def _is_celery_task(self, base: Found) -> bool:
        if base.name in TASK_CLASSES:
            return True
        if base.rest == ("Task",):
            return self._apps.is_app(_owner(base)) or self._apps.sounds_like_app(
                _owner(base)
            )
        before, _, last = base.name.rpartition(".")
        return (
            base.kind in {"external", "unknown", "parameter"}
            and last == "Task"
            and (before.endswith(("app", "current_app")) or "celery" in before.lower())
        )

    def _registered(self, facts: FileFacts, call: CallFact) -> None:
        """`app.register_task(Class())`."""
        assert call.node is not None  # noqa: S101 - checked by the caller
        found = self.registered_class(facts, call)
        if found is None:
            if call.node.args:
                self._records.blind(
                    "dynamic-registration",
                    Location(facts.path, call.line, call.column),
                    call.source,
                    "what is registered cannot be seen here",
                )
            return
        assert found.facts is not None and found.definition is not None  # noqa: S101, PT018 - a class stands in a file
        receiver = ".".join(call.chain[:-1])
        maker = Maker(DefinitionKind.CLASS, app=receiver, wraps="register_task")
        self._store(found.facts, found.definition, maker, call, DefinitionKind.CLASS)

    def registered_class(self, facts: FileFacts, call: CallFact) -> Found | None:
        """The class whose instance is registered."""
        if call.node is None or not call.node.args:
            return None
        argument = call.node.args[0]
        for found in self._resolver.expression(facts, call.scope, argument):
            owner = found if found.kind == "definition" else None
            if found.kind == "value":
                owner = self._resolver.class_of(found)
            if owner is not None and owner.definition is not None:
                return owner if owner.definition.is_class else None
        return None

    # ------------------------------------------------------------- one of them

    def _add(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        decorator: ast.expr,
        index: int,
    ) -> None:
        if maker.wrapper:
            self._used_wrappers.add(maker.key)
        place, source = _at(facts, decorator), text_of(facts, decorator)
        if self._subclasses.takes(facts, definition, maker, place, source):
            return
        task = self._records.task(
            facts,
            definition,
            maker,
            place,
            source,
            index,
        )
        self._keep(facts, definition, task)

    def _store(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        call: CallFact,
        kind: DefinitionKind,
    ) -> None:
        place = Location(facts.path, call.line, call.column)
        if self._subclasses.takes(facts, definition, maker, place, call.source):
            return
        task = self._records.task(
            facts, definition, replace(maker, kind=kind), place, call.source, None
        )
        self._keep(facts, definition, task)

    def _keep(
        self, facts: FileFacts, definition: Definition, task: TaskDefinition
    ) -> None:
        body = (facts, definition)
        if definition.is_class:
            body = self._records.run_method(facts, definition) or body
        key = (facts.path, definition.qualname)
        self.tasks[key] = KnownTask(task, facts, definition, body[1], body[0])


def _owner(found: Found) -> Found:
    return replace(found, rest=())


def _at(facts: FileFacts, node: ast.expr) -> Location:
    return Location(facts.path, node.lineno, node.col_offset)
