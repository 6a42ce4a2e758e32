"""The table of tasks: a row each, and below it what can be said about it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from migrator.classify import rules
from migrator.model import Target
from migrator.report.html.code import Sources, excerpt
from migrator.report.html.markup import Html, join, name, place, prose, tag
from migrator.report.html.view import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import CallSite, Finding, Level, ScheduleEntry, Verdict
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
MOST_PLACES = 50


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
        tag("p", f"{len(views):,} tasks", id="shown", role="status"),
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
        _details(view, sources),
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


NOTHING_SEEN = "nothing against it was seen"


def _mark(verdict: Verdict) -> Html | None:
    """What the verdict rests on, where it is more than reading."""
    if verdict.overridden_by:
        return tag("span", "by a person", class_="mark")
    if verdict.is_confirmed:
        return tag("span", "measured", class_="mark")
    return None


def _details(view: TaskView, sources: Sources) -> Html:
    verdict, task = view.verdict, view.task
    places = [finding.location for finding in verdict.findings]
    blocks = [
        _block("Reasons", _reasons(verdict)),
        _block("Source", excerpt(sources, task, places), "wide"),
        _block(f"Callers ({len(view.callers)})", _callers(view)),
        _block("Runs", _runs(view)),
    ]
    return tag(
        "tr",
        tag("td", tag("div", *blocks, class_="more"), colspan=COLSPAN, role="cell"),
        class_="detail",
        role="row",
        id=f"{view.anchor}-more",
    )


def _block(title: str, content: Html, kind: str = "") -> Html:
    return tag("div", tag("h3", title), content, class_=f"block {kind}".strip())


def _reasons(verdict: Verdict) -> Html:
    items = [_reason(finding) for finding in verdict.findings]
    if verdict.overridden_by:
        said = f"A person decided: {verdict.overridden_by}."
        items.insert(0, tag("li", said))
    if not items:
        items.append(tag("li", NOTHING_SEEN))
    basis = "confirmed by measured run times" if verdict.is_confirmed else "by reading"
    ends = [_pair("Score", f"{verdict.score:+d}, {basis}")]
    if verdict.target_reason:
        ends.append(_pair(f"Why {verdict.target}", verdict.target_reason))
    if verdict.runner_up is not None:
        ends.append(_pair(f"Second: {verdict.runner_up}", verdict.runner_up_reason))
    return join([tag("ul", *items, class_="reasons", data_find=True), tag("dl", *ends)])


def _reason(finding: Finding) -> Html:
    counts_against = finding.is_veto or finding.is_unknown or finding.weight > 0
    advice = _guidance().get(finding.rule, "") if counts_against else ""
    return tag(
        "li",
        tag("span", prose(finding.message)),
        " ",
        tag("span", place(finding.location), class_="place"),
        " ",
        tag(
            "span",
            f"{finding.rule}, {_weight(finding)}",
            prose(f". {advice}") if advice else None,
            class_="rule",
        ),
        class_="veto" if finding.is_veto else None,
    )


@cache
def _guidance() -> dict[str, str]:
    return {rule.id: rule.guidance for rule in rules()}


def _weight(finding: Finding) -> str:
    if finding.is_veto:
        return "veto"
    if finding.is_unknown:
        return "unknown"
    return f"{finding.weight:+d}" if finding.weight else "note"


def _pair(term: str, description: str) -> Html:
    return tag("div", tag("dt", term), tag("dd", prose(description)))


def _callers(view: TaskView) -> Html:
    items = list(_places(view.callers))
    if not items:
        none = "None was seen in the source; it may be sent by name."
        items.append(tag("li", "None: beat starts it." if view.schedules else none))
    if view.mocks:
        items.append(tag("li", f"replaced by a mock in tests: {len(view.mocks)} times"))
    return tag("ul", *items, class_="places", data_find=True)


def _places(sites: Sequence[CallSite]) -> Iterable[Html]:
    for site in sites[:MOST_PLACES]:
        yield tag(
            "li",
            tag("span", place(site.location), class_="place"),
            " ",
            tag("code", site.source),
        )
    if len(sites) > MOST_PLACES:
        yield tag("li", f"and {len(sites) - MOST_PLACES:,} more")


def _runs(view: TaskView) -> Html:
    task = view.task
    pairs = [_pair("Queue", ", ".join(view.queues))]
    pairs += [_pair("Schedule", _schedule(entry)) for entry in view.schedules]
    if task.options:
        options = ", ".join(f"{o.name}={o.source}" for o in task.options)
        pairs.append(_pair("Options", options))
    if not task.name_is_certain:
        pairs.append(_pair("Name", "a guess: it is computed when the program runs"))
    return tag("dl", *pairs)


def _schedule(entry: ScheduleEntry) -> str:
    switched = "" if entry.enabled else " (switched off)"
    return f"{entry.name}: {entry.source}{switched}"
