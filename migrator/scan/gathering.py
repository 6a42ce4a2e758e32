"""From linked names to the Inventory: every reader goes over every file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import Inventory
from migrator.scan.beat import BeatSchedules
from migrator.scan.beat_changes import BeatChanges
from migrator.scan.beat_containers import BeatContainers
from migrator.scan.bodies import Bodies
from migrator.scan.call_sites import CallSites
from migrator.scan.handlers import RequestHandlers
from migrator.scan.handles import Handles
from migrator.scan.mocks import Mocks
from migrator.scan.passed_tasks import PassedTasks
from migrator.scan.periodic_tasks import PeriodicTasks, without_overwritten
from migrator.scan.relevance import Relevance
from migrator.scan.settings import Settings
from migrator.scan.stray_markers import stray_markers
from migrator.scan.subclass_members import SubclassMembers
from migrator.scan.surroundings import Surroundings
from migrator.scan.task_classes import with_task_classes
from migrator.scan.task_values import TaskValues
from migrator.scan.thread_apps import calls_without_app
from migrator.scan.zones import with_zone

if TYPE_CHECKING:
    from typing import Protocol

    from migrator.model import (
        BlindSpot,
        CallSite,
        CeleryApp,
        Location,
        ScheduleEntry,
        TaskDefinition,
    )
    from migrator.scan.apps import Apps
    from migrator.scan.definitions import Definitions, KnownTask
    from migrator.scan.facts import FileFacts
    from migrator.scan.makers import Makers
    from migrator.scan.modules import ModuleIndex
    from migrator.scan.resolve import Resolver

    class Placed(Protocol):
        @property
        def location(self) -> Location: ...


class Gathering:
    """The readers, and what they have seen."""

    def __init__(
        self,
        resolver: Resolver,
        deep: Resolver,
        apps: Apps,
        definitions: Definitions,
        names: set[str],
    ) -> None:
        handles = self._handles = Handles(resolver, deep, apps, definitions)
        handlers = RequestHandlers(deep, definitions)
        relevance = Relevance(resolver, names)
        self._apps = apps
        self._resolver = resolver
        self._definitions = definitions
        self._bodies = Bodies(resolver, deep)
        self._below = SubclassMembers(deep, definitions, handles)
        self._passed = PassedTasks(deep, handles, relevance, self._below)
        self._calls = CallSites(resolver, handles, handlers, relevance, self._below)
        self._values = TaskValues(handles, handlers, relevance)
        self._mocks = Mocks(resolver, handles)
        self._beat = BeatSchedules(deep, handles)
        self._periodic = PeriodicTasks(deep, handles)
        self._containers = BeatContainers(deep)
        self._changes = BeatChanges()
        self._around = Surroundings(resolver, handles)
        self._settings = Settings(deep)
        self._found_apps: list[CeleryApp] = []

    def read(self, files: list[FileFacts], modules: ModuleIndex) -> None:
        """Go over the files, and over the modules that configuration is in."""
        self._settings.prepare(files)
        self._below.prepare(files)
        self._handles.grown = {name for facts in files for name in facts.grown}
        self._passed.read(files)
        for facts in self._passed.handed_to:
            self._calls.read(facts)
        for facts in files:
            self._calls.read(facts)
            self._values.read(facts)
            self._mocks.read(facts)
            self._periodic.read(facts)
            self._around.read(facts)
            self._found_apps += self._apps.in_file(facts)
            self._resolver.forget_if_large()
        read = {facts.path for facts in files}
        configured = [
            modules.facts(path) for path in sorted(self._settings.config_modules - read)
        ]
        for one in (*files, *configured):
            if one is not None:
                self._beat.read(one)
                self._containers.read(one)
                self._changes.read(one)
                self._settings.read(one)
        self._beat.settle()
        self._found_apps = with_task_classes(self._found_apps, files, self._resolver)

    def inventory(self, files: list[FileFacts], makers: Makers) -> Inventory:
        tests = {facts.path for facts in files if facts.in_tests}
        return Inventory(
            root="",
            tasks=self._tasks(),
            wrappers=tuple(sorted(makers.wrappers.values(), key=_place)),
            call_sites=tuple(self._sites()),
            schedules=tuple(self._schedules(tests)),
            apps=tuple(sorted(self._found_apps, key=_place)),
            web_apps=tuple(sorted(self._around.web_apps, key=_place)),
            settings=tuple(sorted(self._settings.found.values(), key=_place)),
            signals=tuple(sorted(self._around.signals, key=_place)),
            functions=self._bodies.follow(self._known()),
            blind_spots=tuple(self._blind_spots(files)),
        )

    def _known(self) -> list[KnownTask]:
        tasks = self._definitions.tasks.values()
        return sorted(tasks, key=lambda one: (one.task.location, one.task.name))

    def _tasks(self) -> tuple[TaskDefinition, ...]:
        return tuple(
            replace(one.task, body=self._bodies.of_task(one)) for one in self._known()
        )

    def _sites(self) -> list[CallSite]:
        sites = [*self._calls.sites, *self._values.sites, *self._mocks.sites]
        return sorted(sites, key=lambda one: (one.location, one.kind, one.task or ""))

    def _schedules(self, tests: set[str]) -> list[ScheduleEntry]:
        entries = self._changes.applied(self._beat.entries)
        entries = without_overwritten([*entries, *self._periodic.entries])
        settings = [
            one
            for one in sorted(self._settings.found.values(), key=_place)
            if one.location.path not in tests
        ]
        return sorted(with_zone(entries, settings), key=_place)

    def _blind_spots(self, files: list[FileFacts]) -> list[BlindSpot]:
        tasks = [one.task for one in self._known()]
        spots = [
            *calls_without_app(files, tasks, self._sites()),
            *self._definitions.blind_spots,
            *self._calls.blind_spots,
            *stray_markers(files, tasks),
            *self._values.blind_spots,
            *self._passed.blind_spots(files),
            *self._mocks.blind_spots,
            *self._beat.blind_spots,
            *self._periodic.blind_spots,
            *self._containers.blind_spots,
            *self._around.blind_spots,
        ]
        return sorted(dict.fromkeys(spots), key=lambda one: (one.location, one.kind))


def _place(record: Placed) -> Location:
    return record.location
