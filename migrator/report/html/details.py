"""What is said of a task below its row: reasons, source, callers, how it runs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from migrator.classify import rules
from migrator.report.html.code import Sources, excerpt
from migrator.report.html.markup import Html, join, place, prose, tag
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import CallSite, Finding, ScheduleEntry, Verdict
    from migrator.report.html.view import TaskView

MOST_PLACES = 50
NOTHING_SEEN = "nothing against it was seen"


def details(view: TaskView, sources: Sources) -> Html:
    """The blocks; the caller puts them into a cell."""
    verdict, task = view.verdict, view.task
    places = [finding.location for finding in verdict.findings]
    blocks = [
        _block("Reasons", _reasons(verdict)),
        _block("Source", excerpt(sources, task, places), "wide"),
        _block(f"Callers ({len(view.callers)})", _callers(view)),
        _block("Runs", _runs(view)),
    ]
    return tag("div", *blocks, class_="more")


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
        items.append(
            tag(
                "li", f"replaced by a mock in tests: {counted(len(view.mocks), 'time')}"
            )
        )
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
