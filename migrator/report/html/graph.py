"""Who calls which task, and which queue it goes to: nodes and edges, no drawing.

A picture of more than MOST_NODES of a kind is not legible: then callers stand for
their folder, and tasks for their module, then for its package, until it is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from migrator.report.html.view import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.model import Level
    from migrator.report.html.view import TaskView

MOST_NODES = 48
MOST_CHARACTERS = 44  # of a label
BEAT = "beat (schedules)"
Group = str


@dataclass(frozen=True, slots=True)
class Node:
    label: str
    detail: str  # the whole name, for the pointer and for screen readers
    anchor: str = ""
    levels: tuple[tuple[Level, int], ...] = ()  # of the tasks that it stands for


@dataclass(frozen=True, slots=True)
class Edge:
    source: int  # index of a node in the layer before
    target: int
    count: int
    level: Level | None  # None: of several levels


@dataclass(frozen=True, slots=True)
class Graph:
    layers: tuple[tuple[Node, ...], ...]  # callers, tasks, queues
    edges: tuple[tuple[Edge, ...], ...]  # callers -> tasks, tasks -> queues
    grouping: str  # what a node of the middle stands for


def call_graph(views: Sequence[TaskView]) -> Graph:
    """The graph of the tasks, coarse enough to be drawn."""
    caller_of = _coarse(
        [site.location.path for view in views for site in view.callers], _folder
    )
    names = [view.task.name for view in views]
    task_of = _coarse(names, _package)
    grouping = "tasks" if all(task_of(name) == name for name in names) else "packages"
    calls: Counter[tuple[str, str]] = Counter()
    goes: Counter[tuple[str, str]] = Counter()
    members: dict[str, list[TaskView]] = {}
    for view in views:
        name = task_of(view.task.name)
        members.setdefault(name, []).append(view)
        for site in view.callers:
            calls[caller_of(site.location.path), name] += 1
        if view.schedules:
            calls[BEAT, name] += len(view.schedules)
        for queue in view.queues:
            goes[name, queue] += 1
    return _laid_out(members, calls, goes, grouping)


def _laid_out(
    members: dict[str, list[TaskView]],
    calls: Counter[tuple[str, str]],
    goes: Counter[tuple[str, str]],
    grouping: str,
) -> Graph:
    callers = sorted({caller for caller, _ in calls})
    tasks = sorted(members)
    queues = sorted({queue for _, queue in goes})
    # Each layer in the order of the middle of its neighbours: fewer crossings.
    for _ in range(4):
        tasks = _by_neighbours(tasks, callers, [(t, c) for c, t in calls])
        callers = _by_neighbours(callers, tasks, list(calls))
        queues = _by_neighbours(queues, tasks, [(q, t) for t, q in goes])
    level = {name: _common(views) for name, views in members.items()}
    return Graph(
        (
            tuple(Node(_short(name), name) for name in callers),
            tuple(_task_node(name, members[name]) for name in tasks),
            tuple(Node(_short(name), name) for name in queues),
        ),
        (
            tuple(
                Edge(callers.index(c), tasks.index(t), n, level[t])
                for (c, t), n in sorted(calls.items())
            ),
            tuple(
                Edge(tasks.index(t), queues.index(q), n, level[t])
                for (t, q), n in sorted(goes.items())
            ),
        ),
        grouping,
    )


def _task_node(name: str, views: Sequence[TaskView]) -> Node:
    counts = Counter(view.verdict.level for view in views)
    levels = tuple((level, counts[level]) for level in LEVELS if counts[level])
    if len(views) == 1 and views[0].task.name == name:
        text = f"{name}: {views[0].verdict.level}"
        return Node(_short(name), text, views[0].anchor, levels)
    mix = ", ".join(f"{count} {level}" for level, count in levels)
    return Node(f"{_short(name)} ({len(views)})", f"{name}: {mix}", "", levels)


def _common(views: Sequence[TaskView]) -> Level | None:
    levels = {view.verdict.level for view in views}
    return levels.pop() if len(levels) == 1 else None


def _by_neighbours(
    layer: list[str], other: list[str], links: Sequence[tuple[str, str]]
) -> list[str]:
    place = {name: index for index, name in enumerate(other)}
    around: dict[str, list[int]] = {name: [] for name in layer}
    for name, neighbour in links:
        around[name].append(place[neighbour])

    def middle(name: str) -> tuple[float, str]:
        places = around[name]
        return (sum(places) / len(places) if places else len(other)), name

    return sorted(layer, key=middle)


def _coarse(
    names: Sequence[str], parent: Callable[[str, int], str]
) -> Callable[[str], Group]:
    """The finest grouping that leaves few enough groups."""
    deepest = max((name.count(".") + name.count("/") for name in names), default=0)
    for depth in [None, *range(deepest, 0, -1)]:
        groups = {
            name: name if depth is None else parent(name, depth) for name in names
        }
        if len(set(groups.values())) <= MOST_NODES:
            return groups.__getitem__
    return lambda _: "everything"


def _folder(path: str, depth: int) -> str:
    parts = PurePosixPath(path).parent.parts[:depth]
    return "/".join(parts) + "/" if parts else "./"


def _package(name: str, depth: int) -> str:
    parts = name.split(".")[:-1][:depth]
    return ".".join(parts) if parts else name


def _short(name: str) -> str:
    """The end of a long name says more than its start: as many parts as fit."""
    if len(name) <= MOST_CHARACTERS:
        return name
    cut = len(name) - MOST_CHARACTERS + 1
    part = re.search(r"[./]", name[cut:-1])
    return "…" + name[cut + (part.end() if part else 0) :]
