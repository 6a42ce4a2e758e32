"""The call graph stays legible however large the project is."""

from __future__ import annotations

from migrator.model import CallKind, Level
from migrator.report.html.graph import BEAT, MOST_NODES, call_graph
from migrator.report.html.picture import graph_section
from migrator.report.html.view import task_views
from tests.unit.report.pages import Page
from tests.unit.report.surveys import call, entry, judged, large_survey, survey


def edges(graph, step):
    left, right = graph.layers[step], graph.layers[step + 1]
    return {
        (left[e.source].detail, right[e.target].label): e.count
        for e in graph.edges[step]
    }


def test_callers_schedules_and_queues_are_joined_to_their_task(tmp_path):
    found = survey(
        tmp_path,
        judged("app.tasks.clean"),
        judged("app.tasks.send", Level.HEAVY),
        call_sites=(
            call("app.tasks.clean"),
            call("app.tasks.clean", line=9),
            call("app.tasks.clean", kind=CallKind.MOCK),
            call("app.tasks.send", in_tests=True),
            call(None),
        ),
        schedules=(entry("app.tasks.send"),),
    )
    graph = call_graph(task_views(found))
    assert edges(graph, 0) == {
        ("app/views.py", "app.tasks.clean"): 2,
        (BEAT, "app.tasks.send"): 1,
    }
    assert edges(graph, 1) == {
        ("app.tasks.clean: light", "celery"): 1,
        ("app.tasks.send: heavy", "celery"): 1,
    }


def test_a_thousand_tasks_are_drawn_by_their_packages(tmp_path):
    views = task_views(large_survey(tmp_path, 1000))
    graph = call_graph(views)
    assert graph.grouping == "packages"
    assert all(len(layer) <= MOST_NODES + 1 for layer in graph.layers)
    stood_for = sum(count for node in graph.layers[1] for _, count in node.levels)
    assert stood_for == 1000
    calls = sum(edge.count for edge in graph.edges[0])
    assert calls == sum(len(v.callers) + len(v.schedules) for v in views)


def test_the_list_says_what_the_picture_shows(tmp_path):
    found = survey(tmp_path, judged(), call_sites=(call("app.tasks.clean"),))
    text = Page(graph_section(task_views(found))).text
    assert "app.tasks.clean light app/views.py → celery" in text
