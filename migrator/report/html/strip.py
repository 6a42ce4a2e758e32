"""One strip of the timeline: the runs of an entry as marks, and the same in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from migrator.report.html.fires import DAY, DENSE, Fires
from migrator.report.html.markup import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH = 960  # in units of its own: 40 an hour
HEIGHT = 24
TICK = 3
LABELLED_HOURS = range(0, 24, 3)
MOST_TIMES = 6


def marks(fires: Fires, start: datetime) -> Html:
    """The runs of the 24 hours from `start`, or why they are not drawn."""
    said = in_words(fires, start)
    if fires.unknown or not (fires.every or fires.at):
        return tag("span", said, class_="said")
    if fires.every:
        return join([strip(said, [_band(0, WIDTH)]), tag("span", said, class_="words")])
    return strip(said, list(_drawn(fires, start)))


def _drawn(fires: Fires, start: datetime) -> Iterator[Html]:
    """A tick each; runs that follow each other closely are one band."""
    for first, last in _close_runs(fires.at):
        x = (first - start) / DAY * WIDTH
        if first == last:
            yield tag(
                "rect",
                x=number(x),
                y=3,
                width=TICK,
                height=HEIGHT - 6,
                rx=1,
                class_="tick",
            )
        else:
            yield _band(x, (last - first) / DAY * WIDTH + TICK)


def _close_runs(at: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    first = last = at[0]
    for moment in at[1:]:
        if moment - last >= DENSE:
            yield first, last
            first = moment
        last = moment
    yield first, last


def _band(x: float, width: float) -> Html:
    size = {"x": number(x), "width": number(width), "y": "8", "height": "8"}
    return tag("rect", class_="band", **size)


def strip(label: str, content: Sequence[Html]) -> Html:
    """A day wide drawing over the lines of the hours."""
    places = [number(hour * WIDTH / 24) for hour in LABELLED_HOURS]
    grid = [tag("line", x1=x, y1=0, x2=x, y2=HEIGHT) for x in places]
    return tag(
        "svg",
        tag("g", *grid, class_="grid"),
        join(content),
        role="img",
        aria_label=label,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
    )


def number(value: float) -> str:
    """A coordinate, to a tenth of a unit."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def in_words(fires: Fires, start: datetime) -> str:
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


def hours(start: datetime) -> Html:
    """Labels of the axis; on a day of a clock change they follow the clocks."""
    moments = (start.astimezone(UTC) + timedelta(hours=h) for h in LABELLED_HOURS)
    labels = [tag("span", f"{_local(moment, start):%H:%M}") for moment in moments]
    return tag("span", *labels, class_="hours")
