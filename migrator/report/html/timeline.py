"""A day of all schedules: a strip of 24 hours each, and the load over the day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrator.report.html.fires import DAY, Fires, fires_of, local_midnight
from migrator.report.html.markup import Html, join, name, tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from migrator.model import ScheduleEntry
    from migrator.report.html.view import TaskView

WIDTH = 960  # of a strip, in its own units: 40 an hour
HEIGHT = 24
TICK = 3
QUARTERS = 96
LABELLED_HOURS = range(0, 24, 3)
MOST_TIMES = 6


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
        tag("th", _hours(start), scope="col", class_="strip"),
    )
    table = tag(
        "table",
        tag("caption", _caption(start, zone), class_="caption"),
        tag("thead", head),
        tag("tbody", _load_row(load), *rows),
        class_="timeline",
    )
    return tag(
        "div",
        table,
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Timeline of all schedules",
    )


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
    for number, value in enumerate(load):
        height = (HEIGHT - 2) * value / most if most else 0
        bars.append(
            tag(
                "rect",
                x=_n(number * step + 1),
                y=_n(HEIGHT - height),
                width=_n(step - 2),
                height=_n(height),
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
        tag("td", _strip(text, bars), class_="strip"),
        class_="total",
    )


def _row(fires: Fires, anchors: dict[str, TaskView], start: datetime) -> Html:
    entry = fires.entry
    view = anchors.get(entry.task)
    task = name(entry.task)
    if view is not None:
        task = tag("a", task, href=f"#{view.anchor}")
    level = view.verdict.level if view is not None else "unjudged"
    said = _said(fires, start)
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
        tag("td", _marks(fires, said, start), class_="strip"),
        class_=f"{level} {'' if entry.enabled else 'off'}".strip(),
    )


def _marks(fires: Fires, said: str, start: datetime) -> Html:
    if fires.unknown or not (fires.every or fires.at):
        return tag("span", said, class_="said")
    if fires.every:
        band = tag("rect", x=0, y=8, width=WIDTH, height=HEIGHT - 16, class_="band")
        return join([_strip(said, [band]), tag("span", said, class_="words")])
    ticks = [
        tag(
            "rect",
            x=_n((moment - start) / DAY * WIDTH),
            y=3,
            width=TICK,
            height=HEIGHT - 6,
            rx=1,
            class_="tick",
        )
        for moment in fires.at
    ]
    return _strip(said, ticks)


def _said(fires: Fires, start: datetime) -> str:
    """The same as the strip, in words."""
    if fires.unknown:
        return f"not drawn: {fires.unknown}"
    off = "" if fires.entry.enabled else "switched off; "
    if fires.every:
        return f"{off}every {_duration(fires.every)}"
    if not fires.at:
        if fires.next_run is None:
            return f"{off}never"
        return f"{off}not on this day; next on {_date(fires.next_run, start)}"
    times = [f"{_local(moment, start):%H:%M}" for moment in fires.at[:MOST_TIMES]]
    more = len(fires.at) - MOST_TIMES
    return off + ", ".join(times) + (f" and {more} more" if more > 0 else "")


def _local(moment: datetime, start: datetime) -> datetime:
    return moment.astimezone(start.tzinfo)


def _date(moment: datetime, start: datetime) -> str:
    local = _local(moment, start)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


def _duration(step: timedelta) -> str:
    seconds = step.total_seconds()
    if seconds % 60 == 0:
        return f"{seconds / 60:g} min"
    return f"{seconds:g} s"


def _hours(start: datetime) -> Html:
    """Labels of the axis; on a day of a clock change they follow the clocks."""
    moments = (start.astimezone(UTC) + timedelta(hours=h) for h in LABELLED_HOURS)
    labels = [tag("span", f"{_local(moment, start):%H:%M}") for moment in moments]
    return tag("span", *labels, class_="hours")


def _strip(label: str, content: Sequence[Html]) -> Html:
    grid = [
        tag("line", x1=_n(h * WIDTH / 24), y1=0, x2=_n(h * WIDTH / 24), y2=HEIGHT)
        for h in LABELLED_HOURS
    ]
    return tag(
        "svg",
        tag("g", *grid, class_="grid"),
        join(content),
        role="img",
        aria_label=label,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
    )


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
