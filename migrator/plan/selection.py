"""A part of the plan: some of its tasks, for one run of diff or apply."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.errors import UsageError
from migrator.model import Accept, Target

if TYPE_CHECKING:
    from migrator.model import Plan, PlannedTask

NOT_NOW = "it is not part of this run"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks; empty: all. `schedules_stay` leaves every entry on beat."""

    tasks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    schedules_stay: bool = False


def selected(plan: Plan, selection: Selection) -> Plan:
    """The plan in which nothing else moves; what has moved before stays moved.

    UsageError where a name is that of no task.
    """
    names = {task.definition.name for task in plan.tasks}
    for name in selection.tasks:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise UsageError(
                f"there is no task {name} in the plan",
                hint=f"Did you mean {near[0]}?" if near else "See `migrate status`.",
            )
    wanted = {t.definition.name for t in plan.tasks if _is_wanted(t, selection)}
    tasks = tuple(
        task
        if task.definition.name in wanted or _has_moved(task)
        else replace(task, accept=Accept.NO)
        for task in plan.tasks
    )
    schedules = tuple(
        schedule
        if schedule.is_moved
        or (schedule.entry.task in wanted and not selection.schedules_stay)
        else replace(schedule, target=Target.CELERY, refusal=NOT_NOW)
        for schedule in plan.schedules
    )
    return replace(plan, tasks=tasks, schedules=schedules)


def _has_moved(task: PlannedTask) -> bool:
    return task.is_finished or task.definition.is_light


def _is_wanted(task: PlannedTask, selection: Selection) -> bool:
    path = task.definition.location.path
    return (
        (not selection.tasks or task.definition.name in selection.tasks)
        and (not selection.targets or task.target in selection.targets)
        and (
            not selection.paths
            or any(
                path == one or path.startswith(one.rstrip("/") + "/")
                for one in selection.paths
            )
        )
    )
