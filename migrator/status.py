"""How far a migration is: per task, and what still needs Celery or the shim."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from migrator.model import Target  # noqa: TC001 - the schemas read the hints

if TYPE_CHECKING:
    from migrator.model import Inventory, Plan, PlannedTask


class Stage(StrEnum):
    """Where a task is."""

    CELERY = "celery"  # stays, as the plan says
    PLANNED = "planned"  # to move with the next apply
    MOVED = "moved"  # light; its callers go through the shim
    FINISHED = "finished"  # a plain function: neither Celery nor the shim


@dataclass(frozen=True, slots=True)
class TaskStatus:
    name: str
    stage: Stage
    target: Target
    call_sites: int  # outside tests
    schedules_on_beat: int
    schedules_moved: int


@dataclass(frozen=True, slots=True)
class Status:
    """The whole; `is_finished` when neither Celery nor the shim is needed any more."""

    tasks: tuple[TaskStatus, ...]

    @property
    def is_finished(self) -> bool:
        return self.count(Stage.FINISHED) == len(self.tasks)

    def count(self, stage: Stage) -> int:
        """Tasks in a stage."""
        return sum(task.stage is stage for task in self.tasks)


def burn_down(inventory: Inventory, plan: Plan) -> Status:
    """The status of every task of the source, and of those that are finished."""
    calls = Counter(site.task for site in inventory.call_sites if site.is_caller)
    on_beat = Counter(s.entry.task for s in plan.schedules if not s.is_moved)
    moved = Counter(s.entry.task for s in plan.schedules if s.is_moved)
    return Status(
        tuple(
            TaskStatus(
                name=task.definition.name,
                stage=_stage(task),
                target=task.target,
                call_sites=calls[task.definition.name],
                schedules_on_beat=on_beat[task.definition.name],
                schedules_moved=moved[task.definition.name],
            )
            for task in plan.tasks
        )
    )


def _stage(task: PlannedTask) -> Stage:
    if task.is_finished:
        return Stage.FINISHED
    if task.definition.is_light:
        return Stage.MOVED
    return Stage.PLANNED if task.moves else Stage.CELERY
