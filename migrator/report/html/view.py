"""What the page shows of each task, gathered once from the survey."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from migrator.model import CallKind, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.model import (
        CallSite,
        Inventory,
        ScheduleEntry,
        TaskDefinition,
        Verdict,
    )
    from migrator.pipeline import Survey


LEVELS = (Level.LIGHT, Level.REVIEW, Level.HEAVY)
NO_QUEUE = "no queue: moved already"
UNREAD_QUEUE = "chosen at run time"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class TaskView:
    task: TaskDefinition
    verdict: Verdict
    anchor: str  # id of its row
    callers: tuple[CallSite, ...]  # outside tests
    mocks: tuple[CallSite, ...]
    schedules: tuple[ScheduleEntry, ...]
    queues: tuple[str, ...]


def task_views(found: Survey) -> tuple[TaskView, ...]:
    """Every task outside tests: light first, then by name."""
    inventory = found.inventory
    sites = _grouped(inventory.call_sites, lambda site: site.task)
    entries = _grouped(inventory.schedules, lambda entry: entry.task)
    queues = _queues(inventory)
    views = [
        TaskView(
            task,
            verdict,
            anchor=f"task-{number}-{slug(task.name)}",
            callers=tuple(site for site in sites[task.name] if site.is_caller),
            mocks=tuple(s for s in sites[task.name] if s.kind is CallKind.MOCK),
            schedules=tuple(entries[task.name]),
            queues=queues(task),
        )
        for number, (task, verdict) in enumerate(
            zip(inventory.tasks, found.verdicts, strict=True), 1
        )
        if not task.in_tests
    ]
    return tuple(sorted(views, key=_order))


def slug(name: str) -> str:
    """The part of a name that is safe and legible in an id."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:80]


def _order(view: TaskView) -> tuple[int, str]:
    return LEVELS.index(view.verdict.level), view.task.name


def _grouped(
    items: Iterable[Item], key: Callable[[Item], str | None]
) -> defaultdict[str, list[Item]]:
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        if (name := key(item)) is not None:
            groups[name].append(item)
    return groups


def _queues(inventory: Inventory) -> Callable[[TaskDefinition], tuple[str, ...]]:
    from migrator.classify.context import TaskContext
    from migrator.classify.project import Project
    from migrator.classify.queues import chosen_queues, default_queue

    project = Project(inventory)

    def queues(task: TaskDefinition) -> tuple[str, ...]:
        if task.is_light:
            return (NO_QUEUE,)
        context = TaskContext(task, project)
        names = [name or UNREAD_QUEUE for name, _, _ in chosen_queues(context)]
        return tuple(dict.fromkeys(names)) or (default_queue(context),)

    return queues
