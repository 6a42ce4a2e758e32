"""The inventory, indexed once for all tasks."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.classify.reach import Reach, follow
from migrator.classify.routes import Route, read_routes
from migrator.model import CallKind, DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import (
        CallSite,
        FunctionFacts,
        Inventory,
        ProcessCommand,
        ScheduleEntry,
        Setting,
        TaskDefinition,
    )

# From this many tasks on, an option that nearly all of them carry is a house habit
# and says nothing about the single task.
HABIT_TASKS = 8
HABIT_SHARE = 0.75

ENQUEUES = frozenset(
    {
        CallKind.DELAY,
        CallKind.APPLY_ASYNC,
        CallKind.DELAY_ON_COMMIT,
        CallKind.SEND_TASK,
    }
)


def _by(sites: Iterable[CallSite], key: str) -> dict[str, tuple[CallSite, ...]]:
    groups: defaultdict[str, list[CallSite]] = defaultdict(list)
    for site in sites:
        if (name := getattr(site, key)) is not None:
            groups[name].append(site)
    return {name: tuple(group) for name, group in groups.items()}


@dataclass(frozen=True)
class Project:
    """Look-ups over one inventory. Sites in tests are left out throughout."""

    inventory: Inventory

    @cached_property
    def sites(self) -> tuple[CallSite, ...]:
        return tuple(s for s in self.inventory.call_sites if not s.in_tests)

    @cached_property
    def sites_of_task(self) -> dict[str, tuple[CallSite, ...]]:
        return _by(self.sites, "task")

    @cached_property
    def sites_in_function(self) -> dict[str, tuple[CallSite, ...]]:
        """Without what a function does to a task that its callers hand over.

        Whoever names the task does it; a dispatcher that all use would tie each of
        them to the tasks of the others. A retry is of the task that runs.
        """
        kept = (s for s in self.sites if not s.handed_over or s.kind is CallKind.RETRY)
        return _by(kept, "enclosing")

    @cached_property
    def _handed_over(self) -> frozenset[str | None]:
        return frozenset(site.task for site in self.sites if site.handed_over)

    def is_enqueuing(self, site: CallSite) -> bool:
        """Whether a task is put into a queue, or given to a function that does so."""
        if site.kind is CallKind.VALUE and not site.detail:
            return site.task in self._handed_over
        return site.kind in ENQUEUES

    @cached_property
    def functions(self) -> dict[str, FunctionFacts]:
        bodies = (task.body for task in self.inventory.tasks if task.body)
        known = {facts.qualified_name: facts for facts in self.inventory.functions}
        return known | {facts.qualified_name: facts for facts in bodies}

    @cached_property
    def tasks(self) -> dict[str, TaskDefinition]:
        return {task.name: task for task in self.inventory.tasks}

    @cached_property
    def schedules_of_task(self) -> dict[str, tuple[ScheduleEntry, ...]]:
        groups: defaultdict[str, list[ScheduleEntry]] = defaultdict(list)
        for entry in self.inventory.schedules:
            groups[entry.task].append(entry)
        return {name: tuple(group) for name, group in groups.items()}

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """The last definition of each setting wins, as at import."""
        return {setting.name: setting for setting in self.inventory.settings}

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        return tuple(
            route
            for setting in self.inventory.settings
            if setting.name == "task_routes"
            for route in read_routes(setting)
        )

    @cached_property
    def workers(self) -> tuple[ProcessCommand, ...]:
        return tuple(p for p in self.inventory.processes if p.kind == "worker")

    @cached_property
    def packages(self) -> frozenset[str]:
        """The first parts of the project's own module names."""
        names = [task.module for task in self.inventory.tasks]
        names += [facts.qualified_name for facts in self.inventory.functions]
        return frozenset(name.partition(".")[0] for name in names)

    @cached_property
    def habits(self) -> frozenset[str]:
        """Options that nearly every task of the project carries."""
        tasks = self.inventory.tasks
        if len(tasks) < HABIT_TASKS:
            return frozenset()
        names = {option.name for task in tasks for option in task.options}
        return frozenset(
            name
            for name in names
            if sum(any(o.name == name for o in task.options) for task in tasks)
            >= HABIT_SHARE * len(tasks)
        )

    @cached_property
    def started_by(self) -> dict[str, frozenset[str]]:
        """For each task, the tasks that its own body and functions enqueue."""
        graph: dict[str, frozenset[str]] = {}
        for task in self.inventory.tasks:
            names = {
                site.task
                for reached in self.reach(task).functions
                for site in self.sites_in_function.get(reached.facts.qualified_name, ())
                if self.is_enqueuing(site) and site.task is not None
            }
            graph[task.name] = frozenset(names)
        return graph

    def way_between(self, start: str, end: str) -> tuple[str, ...]:
        """The shortest chain of enqueueing from one task to another, or nothing."""
        ways: deque[tuple[str, ...]] = deque([(start,)])
        seen = {start}
        while ways:
            way = ways.popleft()
            for name in sorted(self.started_by.get(way[-1], ())):
                if name == end:
                    return (*way, end)
                if name not in seen:
                    seen.add(name)
                    ways.append((*way, name))
        return ()

    def reach(self, task: TaskDefinition) -> Reach:
        if task.body is None:
            return Reach()
        wrapper = (task.wrapper,) if task.kind is DefinitionKind.WRAPPER else ()
        return follow(task.body, self.functions, task.decorators_below + wrapper)
