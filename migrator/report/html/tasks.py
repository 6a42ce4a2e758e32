"""The table of tasks: a row each, and below it what can be said about it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import Target
from migrator.report.html.details import NOTHING_SEEN, details
from migrator.report.html.markup import Html, join, name, place, prose, tag
from migrator.report.html.view import LEVELS
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Level, Verdict
    from migrator.report.html.code import Sources
    from migrator.report.html.view import TaskView

# id, heading, how its cells compare
COLUMNS = (
    ("name", "Task", "text"),
    ("level", "Verdict", "rank"),
    ("target", "Target", "text"),
    ("callers", "Callers", "number"),
    ("schedules", "Schedules", "number"),
)
COLSPAN = len(COLUMNS) + 1


def task_section(views: Sequence[TaskView], sources: Sources) -> Html:
    """The filter, the table, and a line that says how many rows are shown."""
    if not views:
        return tag("p", "No Celery task found.", class_="quiet")
    heads = [
        tag(
            "th",
            tag("button", title, type="button", data_sort=kind, data_key=key),
            scope="col",
            role="columnheader",
            class_=f"col-{key}",
            aria_sort="none",
        )
        for key, title, kind in COLUMNS
    ]
    why = {"role": "columnheader", "scope": "col", "class_": "col-why"}
    heads.append(tag("th", "Strongest reason", **why))
    table = tag(
        "table",
        tag("caption", "Tasks with their verdicts", class_="hidden"),
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        *[_task(view, sources) for view in views],
        id="task-table",
        class_="tasks",
        role="table",
    )
    return join([_controls(views), table, _nothing_left()])


def _nothing_left() -> Html:
    return tag("p", "No task fits the filter.", id="no-tasks", hidden=True)


def _controls(views: Sequence[TaskView]) -> Html:
    levels = Counter(view.verdict.level for view in views)
    targets = Counter(view.verdict.target for view in views)
    checks = [
        tag(
            "label",
            tag("input", type="checkbox", name="level", value=level, checked=True),
            badge(level),
            " ",
            tag("span", str(levels[level]), class_="count"),
        )
        for level in LEVELS
    ]
    choices = [tag("option", "every target", value="")]
    choices += [
        tag("option", f"{target} ({targets[target]})", value=target)
        for target in Target
        if targets[target]
    ]
    return tag(
        "form",
        tag(
            "label",
            tag("span", "Filter tasks"),
            tag(
                "input",
                type="search",
                id="filter",
                autocomplete="off",
                spellcheck="false",
                placeholder="name, file, reason or caller",
                aria_controls="task-table",
            ),
            class_="find",
        ),
        tag("fieldset", tag("legend", "Verdict"), *checks),
        tag("label", tag("span", "Target"), tag("select", *choices, id="target")),
        tag("p", counted(len(views), "task"), id="shown", role="status"),
        class_="controls",
        role="search",
    )


def badge(level: Level) -> Html:
    return tag("span", str(level), class_=f"badge {level}")


def _task(view: TaskView, sources: Sources) -> Html:
    verdict = view.verdict
    return tag(
        "tbody",
        _row(view),
        _detail_row(view, sources),
        id=view.anchor,
        role="rowgroup",
        data_level=verdict.level,
        data_target=verdict.target,
        data_rank=LEVELS.index(verdict.level),
    )


def _row(view: TaskView) -> Html:
    task, verdict = view.task, view.verdict
    button = tag(
        "button",
        name(task.name),
        type="button",
        class_="open",
        aria_expanded="false",
        aria_controls=f"{view.anchor}-more",
    )
    why = verdict.findings[0].message if verdict.findings else NOTHING_SEEN
    return tag(
        "tr",
        tag(
            "th",
            button,
            " ",
            tag("span", place(task.location), class_="place"),
            scope="row",
            role="rowheader",
            class_="col-name",
        ),
        _cell("level", join([badge(verdict.level), " ", _mark(verdict)])),
        _cell("target", str(verdict.target)),
        _cell("callers", str(len(view.callers))),
        _cell("schedules", str(len(view.schedules))),
        _cell("why", prose(why)),
        class_="task",
        role="row",
    )


def _cell(column: str, content: str) -> Html:
    return tag("td", content, class_=f"col-{column}", role="cell")


def _mark(verdict: Verdict) -> Html | None:
    """What the verdict rests on, where it is more than reading."""
    if verdict.overridden_by:
        return tag("span", "by a person", class_="mark")
    if verdict.is_confirmed:
        return tag("span", "measured", class_="mark")
    return None


def _detail_row(view: TaskView, sources: Sources) -> Html:
    return tag(
        "tr",
        tag("td", details(view, sources), colspan=COLSPAN, role="cell"),
        class_="detail",
        id=f"{view.anchor}-more",
        role="row",
    )
