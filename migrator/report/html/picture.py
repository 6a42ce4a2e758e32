"""Draws the call graph in three columns, and says the same as a list."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from migrator.report.html.graph import Edge, Graph, Node, call_graph
from migrator.report.html.markup import Html, Value, join, name, tag
from migrator.report.html.parts import scrolled
from migrator.report.html.tasks import badge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.report.html.view import TaskView

ROW = 26
TOP = 40
BOX = 20
WIDTH = 1120
# x and width of the three columns: their labels fit into them.
COLUMNS = ((1, 330), (431, 330), (861, 258))


def graph_section(views: Sequence[TaskView]) -> Html:
    """The picture, and below it a list of each task with its callers and queues."""
    if not views:
        return tag("p", "No Celery task found.", class_="quiet")
    graph = call_graph(views)
    picture = scrolled(_picture(graph), "Graph of callers, tasks and queues")
    return join([picture, _list(views)])


def _picture(graph: Graph) -> Html:
    rows = max(len(layer) for layer in graph.layers)
    height = TOP + rows * ROW + 8
    tops = [_top(layer, rows) for layer in graph.layers]
    titles = ("Callers", graph.grouping.capitalize(), "Queues")
    heads = [
        tag("text", title, x=x + 8, y=20, class_="head")
        for title, (x, _) in zip(titles, COLUMNS, strict=True)
    ]
    edges = [
        _edge(edge, tops, step, f"{step}-{edge.source}", f"{step + 1}-{edge.target}")
        for step, layer in enumerate(graph.edges)
        for edge in layer
    ]
    nodes = [
        _node(node, column, tops[column] + index * ROW, f"{column}-{index}")
        for column, layer in enumerate(graph.layers)
        for index, node in enumerate(layer)
    ]
    return tag(
        "svg",
        *heads,
        tag("g", *edges, class_="edges"),
        tag("g", *nodes, class_="nodes"),
        class_="graph",
        id="call-graph",
        role="group",
        aria_label="Callers, tasks and queues; the same stands below as a list",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
    )


def _top(layer: Sequence[Node], rows: int) -> float:
    """Short columns stand in the middle of the long one."""
    return TOP + (rows - len(layer)) * ROW / 2


def _edge(
    edge: Edge, tops: Sequence[float], step: int, source: str, target: str
) -> Html:
    left = COLUMNS[step][0] + COLUMNS[step][1]
    right = COLUMNS[step + 1][0]
    y1 = tops[step] + edge.source * ROW + BOX / 2
    y2 = tops[step + 1] + edge.target * ROW + BOX / 2
    bend = (left + right) / 2
    return tag(
        "path",
        d=f"M{left} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {right} {y2:g}",
        class_=f"edge {edge.level or 'mixed'}",
        data_from=source,
        data_to=target,
        stroke_width=f"{1 + math.log2(edge.count) / 2:.1f}",
    )


def _node(node: Node, column: int, y: float, key: str) -> Html:
    x, width = COLUMNS[column]
    outline = "mixed" if len(node.levels) != 1 else node.levels[0][0]
    parts = [
        tag("title", node.detail),
        *_shares(node, x, y, width),
        _box(x, y, width, f"outline {outline}"),
        tag("text", node.label, x=x + 8, y=f"{y + 14:g}"),
    ]
    content = join(parts)
    if node.anchor:
        content = tag("a", content, href=f"#{node.anchor}")
    return tag("g", content, class_="node", data_node=key)


def _shares(node: Node, x: float, y: float, width: float) -> Iterator[Html]:
    """The box is filled by the levels of its tasks, in proportion."""
    total = sum(count for _, count in node.levels)
    for level, count in node.levels:
        part = width * count / total
        yield _box(x, y, part, f"fill {level}")
        x += part
    if not total:
        yield _box(x, y, width, "fill")


def _box(x: float, y: float, width: float, kind: str) -> Html:
    size: dict[str, Value] = {
        "x": f"{x:g}",
        "y": f"{y:g}",
        "width": f"{width:g}",
        "height": BOX,
    }
    return tag("rect", **size, rx=3, class_=kind)


def _list(views: Sequence[TaskView]) -> Html:
    items = [
        tag(
            "li",
            tag("a", name(view.task.name), href=f"#{view.anchor}"),
            " ",
            badge(view.verdict.level),
            " ",
            tag("span", _in_words(view), class_="place"),
        )
        for view in views
    ]
    return tag(
        "details",
        tag("summary", "The same as a list"),
        tag("ul", *items, class_="graph-list"),
    )


def _in_words(view: TaskView) -> str:
    files = list(dict.fromkeys(site.location.path for site in view.callers))
    if view.schedules:
        files.insert(0, "beat")
    callers = ", ".join(files) or "no caller seen"
    return f"{callers} → {', '.join(view.queues)}"
