"""A day of all schedules: a strip of 24 hours each, and the load over the day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrator.report.html.fires import DAY, Fires, fires_of, local_midnight
from migrator.report.html.markup import Html, name, tag
from migrator.report.html.parts import scrolled
from migrator.report.html.strip import HEIGHT, WIDTH, hours, marks, number, strip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from migrator.model import ScheduleEntry
    from migrator.report.html.view import TaskView

QUARTERS = 96  # of an hour, in a day


def timeline(
    entries: Sequence[ScheduleEntry], views: Sequence[TaskView], now: datetime
) -> Html:
    """The strips of the day that `now` lies in, in the zone that most entries use."""
    if not entries:
        return tag("p", "No schedule found.", class_="quiet")
    zone = _zone(entries)
    start = local_midnight(now, zone)
    found = sorted(fires_of(entries, start), key=_first)
    anchors = {view.task.name: view for view in views}
    load = _load(found, start)
    rows = [_row(fires, anchors, start) for fires in found]
    head = tag(
        "tr",
        tag("th", "Schedule", scope="col"),
        tag("th", "Runs a day", scope="col", class_="number"),
        tag("th", hours(start), scope="col", class_="strip"),
    )
    table = tag(
        "table",
        tag("caption", _caption(start, zone), class_="caption"),
        tag("thead", head),
        tag("tbody", _load_row(load), *rows),
        class_="timeline",
    )
    return scrolled(table, "Timeline of all schedules")


def _zone(entries: Sequence[ScheduleEntry]) -> tzinfo:
    counts = Counter(entry.timezone for entry in entries)
    for zone, _ in counts.most_common():
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return UTC


def _caption(start: datetime, zone: tzinfo) -> str:
    return f"{start:%A}, {start.day} {start:%B %Y}, times of {zone}"


def _first(fires: Fires) -> tuple[bool, bool, datetime, str]:
    """All-day bands first, then by the first run of the day."""
    late = fires.at[0] if fires.at else datetime.max.replace(tzinfo=UTC)
    return bool(fires.unknown), not fires.every, late, fires.entry.name


def _load(found: Sequence[Fires], start: datetime) -> list[int]:
    """Starts in each quarter of an hour, but for those that run all day long."""
    load = [0] * QUARTERS
    for fires in found:
        if not fires.entry.enabled:
            continue
        for moment in fires.at:
            load[int((moment - start) / DAY * QUARTERS)] += 1
    return load


def _load_row(load: Sequence[int]) -> Html:
    most = max(load)
    busiest = load.index(most)
    step = WIDTH / QUARTERS
    clock = f"{busiest // 4:02}:{busiest % 4 * 15:02}"
    text = f"Busiest quarter of an hour: {clock}, {most:,} starts" if most else "none"
    bars = []
    for quarter, value in enumerate(load):
        height = (HEIGHT - 2) * value / most if most else 0
        bars.append(
            tag(
                "rect",
                x=number(quarter * step + 1),
                y=number(HEIGHT - height),
                width=number(step - 2),
                height=number(height),
                class_="load busiest" if value == most else "load",
            )
        )
    return tag(
        "tr",
        tag(
            "th",
            "Starts besides the steady ones",
            tag("span", text, class_="place"),
            scope="row",
        ),
        tag("td", f"{sum(load):,}", class_="number"),
        tag("td", strip(text, bars), class_="strip"),
        class_="total",
    )


def _row(fires: Fires, anchors: dict[str, TaskView], start: datetime) -> Html:
    entry = fires.entry
    view = anchors.get(entry.task)
    task = name(entry.task)
    if view is not None:
        task = tag("a", task, href=f"#{view.anchor}")
    level = view.verdict.level if view is not None else "unjudged"
    return tag(
        "tr",
        tag(
            "th",
            entry.name,
            " ",
            tag("span", entry.source, class_="place"),
            tag("span", task, class_="task-link"),
            scope="row",
        ),
        tag("td", "?" if fires.unknown else f"{fires.count:,}", class_="number"),
        tag("td", marks(fires, start), class_="strip"),
        class_=f"{level} {'' if entry.enabled else 'off'}".strip(),
    )
