"""Inventory and Plan -> which tasks are finished, and why the others keep the shim."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.finish.callers import SENDING, caller_reasons
from migrator.finish.definitions import definition_reasons
from migrator.model import Location, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from migrator.model import Inventory, Plan

# Places that may call, send or schedule any task: what they reach is not known.
MAY_REACH_ANY = frozenset(
    {
        "canvas-members",
        "celery-itself-patched",
        "database-schedule",
        "dynamic-beat-schedule",
        "dynamic-periodic-task",
        "dynamic-send-task",
        "dynamic-signature",
        "overridden-dispatch",
        "unattached-schedule-entry",
        "unresolved-receiver",
        "unresolved-schedule-task",
    }
)

SHARED = "the same call may be of another task: one form cannot serve both"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a finish does. `unseen` are the places where one cannot look."""

    finishing: tuple[str, ...]
    kept: tuple[Refusal, ...]
    unseen: tuple[Refusal, ...] = ()


def decide(
    inventory: Inventory,
    plan: Plan,
    wanted: Collection[str],
    is_test: Callable[[str], bool],
    *,
    has_looked: bool = False,
) -> Decision:
    """For each of the moved tasks named in `wanted`.

    `has_looked`: a person has looked at every blind spot, and none reaches a task.
    """
    sites = defaultdict(list)
    sent_from = defaultdict(set)
    for site in inventory.call_sites:
        if site.task is not None:
            sites[site.task].append(site)
            sent_from[site.location].add(site.task)
    count = Counter(task.name for task in inventory.tasks)
    finishing: list[str] = []
    kept: list[Refusal] = []
    for task in plan.tasks:
        definition = task.definition
        name = definition.name
        if name not in wanted or not definition.is_light:
            continue
        reasons = [
            *definition_reasons(definition, is_double=count[name] > 1),
            *_of_application(inventory),
            *_on_beat(inventory, name),
            *caller_reasons(task, sites[name], plan.package_path),
            *(
                (site.location, SHARED)
                for site in sites[name]
                if site.kind in SENDING and len(sent_from[site.location]) > 1
            ),
        ]
        kept += [Refusal(name, place, reason) for place, reason in reasons]
        if not reasons:
            finishing.append(name)
    unseen = () if has_looked else _unseen(inventory, is_test)
    return Decision(() if unseen else tuple(finishing), tuple(kept), unseen)


def _of_application(inventory: Inventory) -> list[tuple[Location, str]]:
    """A Task class for a whole application, as one that enters Flask's context."""
    return [
        (app.location, f"its application's tasks are of {app.task_class}")
        for app in inventory.apps
        if app.task_class and app.task_class.rpartition(".")[2] != "Task"
    ]


def _on_beat(inventory: Inventory, name: str) -> list[tuple[Location, str]]:
    return [
        (entry.location, f"beat sends it by its name: {entry.name!r}")
        for entry in inventory.schedules
        if entry.task == name
    ]


def _unseen(
    inventory: Inventory, is_test: Callable[[str], bool]
) -> tuple[Refusal, ...]:
    spots = [
        Refusal("", spot.location, f"{spot.text}: {spot.reason}")
        for spot in inventory.blind_spots
        if spot.kind in MAY_REACH_ANY and not is_test(spot.location.path)
    ]
    spots += [
        Refusal("", Location(file.path, 1), f"could not be read: {file.reason}")
        for file in inventory.failed_files
    ]
    return tuple(spots)
