"""What a criterion may look at: one task, and the project around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from migrator.classify.deeds import unknown_costs
from migrator.model import CallKind, DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.classify.project import Project
    from migrator.classify.reach import Reach
    from migrator.model import (
        Call,
        CallSite,
        Evidence,
        Level,
        Location,
        Loop,
        Option,
        ScheduleEntry,
        TaskDefinition,
    )


@dataclass(frozen=True)
class TaskContext:
    task: TaskDefinition
    project: Project
    evidence: Evidence | None = None
    # What the other rules made of each task; empty for rules that do not need it.
    levels: Mapping[str, Level] = field(default_factory=dict)

    @property
    def place(self) -> Location:
        return self.task.location

    def option(self, name: str) -> Option | None:
        """The decorator's option; a later one replaces an earlier one."""
        found = None
        for option in self.task.options:
            if option.name == name:
                found = option
        return found

    def is_habit(self, name: str) -> bool:
        """Whether the option comes from the house and not from this task."""
        return name in self.project.habits or name in self._wrapper_options

    @cached_property
    def _wrapper_options(self) -> frozenset[str]:
        if self.task.kind is not DefinitionKind.WRAPPER:
            return frozenset()
        return frozenset(
            option.name
            for wrapper in self.project.inventory.wrappers
            if wrapper.qualified_name == self.task.wrapper
            for option in wrapper.options
        )

    @cached_property
    def reach(self) -> Reach:
        return self.project.reach(self.task)

    @cached_property
    def calls(self) -> tuple[tuple[Call, int], ...]:
        """Every call within reach, with the loops around it from the task down."""
        return tuple(
            (call, reached.loop_depth + call.loop_depth)
            for reached in self.reach.functions
            for call in reached.facts.calls
        )

    @cached_property
    def unknown_costs(self) -> tuple[tuple[str, Location], ...]:
        """Every place within reach whose cost the source does not tell, and why."""
        return tuple(unknown_costs(self))

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        return tuple(
            loop for reached in self.reach.functions for loop in reached.facts.loops
        )

    @cached_property
    def callers(self) -> tuple[CallSite, ...]:
        """Sites outside tests that name this task."""
        return self.project.sites_of_task.get(self.task.name, ())

    def called_as(self, *kinds: CallKind) -> Iterator[CallSite]:
        return (site for site in self.callers if site.kind in kinds)

    @cached_property
    def inner_sites(self) -> tuple[CallSite, ...]:
        """Sites within the task's own body and the functions that it reaches."""
        by_function = self.project.sites_in_function
        return tuple(
            site
            for reached in self.reach.functions
            for site in by_function.get(reached.facts.qualified_name, ())
        )

    def does(self, *kinds: CallKind) -> Iterator[CallSite]:
        return (site for site in self.inner_sites if site.kind in kinds)

    @cached_property
    def enqueues(self) -> tuple[CallSite, ...]:
        """Where the task puts work into a queue."""
        return tuple(filter(self.project.is_enqueuing, self.inner_sites))

    @cached_property
    def schedules(self) -> tuple[ScheduleEntry, ...]:
        entries = self.project.schedules_of_task.get(self.task.name, ())
        return tuple(entry for entry in entries if entry.enabled)

    def setting(self, name: str) -> tuple[object, Location] | None:
        """A literal setting of the Celery app and where it stands."""
        found = self.project.settings.get(name)
        if found is None or not found.is_literal:
            return None
        return found.value, found.location
