"""What was found, in figures, and what could not be read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import FileStatus
from migrator.report.html.markup import Html, join, place, prose, tag
from migrator.report.html.parts import figures
from migrator.report.html.tasks import badge
from migrator.report.html.view import LEVELS
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import BlindSpot, Inventory
    from migrator.report.html.view import TaskView

MEANING = {
    "light": "can leave Celery",
    "review": "a person decides",
    "heavy": "stays on Celery",
}


def summary(inventory: Inventory, views: Sequence[TaskView]) -> Html:
    """Levels as shares of one bar, then the other totals, then what failed."""
    return join([_levels(views), _figures(inventory, views), _failures(inventory)])


def _levels(views: Sequence[TaskView]) -> Html:
    counts = Counter(view.verdict.level for view in views)
    total = len(views) or 1
    at = 0.0
    bars = []
    for level in LEVELS:
        width = 100 * counts[level] / total
        bars.append(
            tag("rect", x=f"{at:g}", y=0, width=f"{width:g}", height=10, class_=level)
        )
        at += width
    legend = [
        tag(
            "li",
            badge(level),
            " ",
            tag("strong", f"{counts[level]:,}"),
            " ",
            tag("span", f"{counts[level] / total:.0%}, {MEANING[level]}"),
        )
        for level in LEVELS
    ]
    bar = tag(
        "svg",
        *bars,
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        class_="share",
        aria_hidden="true",
    )
    return tag("div", bar, tag("ul", *legend, class_="levels"))


def _figures(inventory: Inventory, views: Sequence[TaskView]) -> Html:
    files = Counter(outcome.status for outcome in inventory.files)
    confirmed = sum(view.verdict.is_confirmed for view in views)
    share = f"{confirmed / len(views):.0%}" if views else "none"
    outcomes = (
        f"{files[FileStatus.PARSED]:,} read, "
        f"{files[FileStatus.FILTERED]:,} without Celery, "
        f"{files[FileStatus.SKIPPED]:,} skipped, "
        f"{files[FileStatus.FAILED]:,} failed"
    )
    facts = (
        (
            "tasks",
            f"{len(views):,}",
            f"in {len({v.task.module for v in views}):,} modules",
        ),
        ("confirmed", share, f"{confirmed:,} verdicts rest on measured run times"),
        ("callers", f"{sum(len(v.callers) for v in views):,}", "outside tests"),
        ("schedules", f"{len(inventory.schedules):,}", "entries of beat"),
        ("blind spots", f"{len(inventory.blind_spots):,}", "seen, and not resolved"),
        ("files", f"{len(inventory.files):,}", outcomes),
    )
    return figures(facts)


def _failures(inventory: Inventory) -> Html | None:
    failed = inventory.failed_files
    if not failed:
        return None
    items = [
        tag("li", tag("span", o.path, class_="place"), " ", o.reason) for o in failed
    ]
    return tag(
        "div",
        tag(
            "h3", f"Not read, so nothing is known of it: {counted(len(failed), 'file')}"
        ),
        tag("ul", *items),
        class_="alarm",
    )


def blind_spots(spots: Sequence[BlindSpot]) -> Html:
    """Grouped by their kind; the largest group first."""
    if not spots:
        return tag("p", "None: everything that was seen was resolved.", class_="quiet")
    counts = Counter(spot.kind for spot in spots)
    return join([_kind(kind, spots) for kind, _ in counts.most_common()])


def _kind(kind: str, spots: Sequence[BlindSpot]) -> Html:
    rows = [
        tag(
            "tr",
            tag("td", place(spot.location), class_="place"),
            tag("td", tag("code", spot.text)),
            tag("td", prose(spot.reason)),
        )
        for spot in spots
        if spot.kind == kind
    ]
    heads = [tag("th", title, scope="col") for title in ("Place", "Seen", "Why not")]
    table = tag(
        "table",
        tag("caption", f"Blind spots of the kind {kind}", class_="hidden"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_="spots",
    )
    summary = tag("summary", kind, " ", tag("span", f"{len(rows):,}", class_="count"))
    return tag("details", summary, table, open=len(spots) <= 30)  # noqa: PLR2004 - a screenful
