"""From the facts of all files to the Inventory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import Inventory, Location, TaskDefinition
from migrator.scan.apps import Apps
from migrator.scan.beat import BeatSchedules
from migrator.scan.beat_containers import BeatContainers
from migrator.scan.bodies import Bodies
from migrator.scan.call_sites import CallSites
from migrator.scan.definitions import Definitions
from migrator.scan.handlers import RequestHandlers
from migrator.scan.handles import Handles
from migrator.scan.makers import Makers
from migrator.scan.mocks import Mocks
from migrator.scan.periodic_tasks import PeriodicTasks, without_overwritten
from migrator.scan.relevance import Relevance
from migrator.scan.resolve import Resolver
from migrator.scan.settings import Settings
from migrator.scan.surroundings import Surroundings
from migrator.scan.zones import with_zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import BlindSpot, CeleryApp
    from migrator.scan.facts import FileFacts
    from migrator.scan.modules import ModuleIndex


class Linker:
    """Takes files as they are read, and links them once all are there."""

    def __init__(self, modules: ModuleIndex) -> None:
        self._modules = modules
        self._files: dict[str, FileFacts] = {}
        self._resolver = Resolver(modules)
        self._deep = Resolver(modules, reads=True)
        self._apps = Apps(self._resolver)
        self._makers = Makers(self._resolver, self._apps)
        self._definitions = Definitions(
            self._resolver, self._deep, self._apps, self._makers
        )

    def has(self, path: str) -> bool:
        return path in self._files

    def add(self, files: Iterable[FileFacts]) -> None:
        """Read the wrappers and tasks of more files."""
        for facts in files:
            self._files[facts.path] = facts
        # A name that led to a file not yet read may lead to a wrapper now.
        self._resolver.forget()
        self._makers.forget()
        self._definitions.forget()
        for facts in self._files.values():
            self._makers.look_for_wrappers(facts)
        for facts in self._files.values():
            self._definitions.read(facts)
        self._definitions.complete(self._files.values())

    def names(self) -> tuple[set[str], set[str]]:
        """Words that a file must hold to refer to what is known: modules, names."""
        modules: set[str] = set()
        names: set[str] = set()
        for known in self._definitions.tasks.values():
            modules.add(_last(known.facts.module))
            names.add(known.definition.name)
            names |= _variables(known.facts, known.definition.name)
        for last in self._makers.wrapper_names() | self._definitions.base_names:
            modules.add(last)
            names.add(last)
        for facts in self._files.values():
            if self._re_exports(facts, names):
                modules.add(_last(facts.module))
        return modules, names

    def _re_exports(self, facts: FileFacts, names: set[str]) -> bool:
        top = facts.scopes[0].bindings
        return bool(facts.stars) or not names.isdisjoint(top)

    # -------------------------------------------------------------------- link

    def link(self) -> Inventory:
        self._definitions.settle()
        handles = Handles(self._resolver, self._deep, self._apps, self._definitions)
        handlers = RequestHandlers(self._resolver, self._definitions)
        relevance = Relevance(self._resolver, self.names()[1])
        calls = CallSites(self._resolver, handles, handlers, relevance)
        mocks = Mocks(self._resolver, handles)
        beat = BeatSchedules(self._deep, handles)
        periodic = PeriodicTasks(self._deep, handles)
        containers = BeatContainers(self._deep)
        around = Surroundings(self._resolver, handles)
        settings = Settings(self._deep, self._modules)
        files = [self._files[path] for path in sorted(self._files)]
        settings.prepare(files)
        apps: list[CeleryApp] = []
        for facts in files:
            calls.read(facts)
            mocks.read(facts)
            beat.read(facts)
            periodic.read(facts)
            containers.read(facts)
            around.read(facts)
            settings.read(facts)
            apps += self._apps.in_file(facts)
        for path in settings.config_modules - set(self._files):
            configuration = self._modules.facts(path)
            if configuration is not None:
                settings.read(configuration)
                beat.read(configuration)
                containers.read(configuration)
        spots = [
            *self._definitions.blind_spots,
            *calls.blind_spots,
            *beat.blind_spots,
            *periodic.blind_spots,
            *containers.blind_spots,
            *around.blind_spots,
        ]
        found = sorted(settings.found.values(), key=lambda one: one.location)
        entries = without_overwritten([*beat.entries, *periodic.entries])
        production = [
            s for s in found if s.location.path not in self._test_paths(files)
        ]
        bodies = Bodies(self._deep)
        known = sorted(
            self._definitions.tasks.values(), key=lambda one: one.task.location
        )
        return Inventory(
            root="",
            tasks=tuple(
                self._with_body(one.task, bodies.of(one.facts, one.body))
                for one in known
            ),
            wrappers=tuple(
                sorted(self._makers.wrappers.values(), key=lambda w: w.location)
            ),
            call_sites=tuple(
                sorted([*calls.sites, *mocks.sites], key=lambda one: one.location)
            ),
            schedules=tuple(
                sorted(with_zone(entries, production), key=lambda e: e.location)
            ),
            apps=tuple(self._replaced(files, apps)),
            web_apps=tuple(around.web_apps),
            settings=tuple(found),
            signals=tuple(around.signals),
            functions=bodies.follow(known),
            blind_spots=tuple(_once(spots)),
        )

    def _with_body(self, task: TaskDefinition, body: object) -> TaskDefinition:
        return replace(task, body=body)  # type: ignore[arg-type]

    def _test_paths(self, files: list[FileFacts]) -> set[str]:
        return {facts.path for facts in files if facts.in_tests}

    def _replaced(
        self, files: list[FileFacts], apps: list[CeleryApp]
    ) -> list[CeleryApp]:
        """`app.Task = X` told on the app that it is assigned on."""
        found = list(apps)
        for facts in files:
            for assignment in facts.assignments:
                if assignment.target[-1] != "Task" or len(assignment.target) < 2:  # noqa: PLR2004 - app and Task
                    continue
                import ast

                source = ast.unparse(assignment.value)
                place = Location(facts.path, assignment.line, assignment.column)
                found = self._tell(
                    found,
                    facts,
                    assignment.target[:-1],
                    source,
                    place,
                    assignment.scope,
                )
        return found

    def _tell(
        self,
        apps: list[CeleryApp],
        facts: FileFacts,
        target: tuple[str, ...],
        source: str,
        place: Location,
        scope: int,
    ) -> list[CeleryApp]:
        names = {one.name for one in self._resolver.chain(facts, scope, target)}
        told = [
            replace(app, task_class=source) if app.variable in names else app
            for app in apps
        ]
        if told == apps and apps:
            last = f".{target[-1]}"
            told = [
                replace(app, task_class=source)
                if app.variable.endswith(last) and app.location.path == place.path
                else app
                for app in apps
            ]
        return told


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
    import ast

    if isinstance(value, ast.Name):
        return value.id == name
    if isinstance(value, ast.Call):
        return any(_mentions(argument, name) for argument in value.args) or (
            isinstance(value.func, ast.Name) and value.func.id == name
        )
    return False


def _once(spots: list[BlindSpot]) -> list[BlindSpot]:
    kept = dict.fromkeys(spots)
    return sorted(kept, key=lambda spot: (spot.location, spot.kind))
