"""What `migrate status --timeline` prints: the coming 24 hours, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from rich.text import Text

from migrator.report.console import console, styled
from migrator.report.json_report import document
from migrator.schedules import timeline
from migrator.shown import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import PlannedSchedule
    from migrator.schedules import TimelineRow

HOURS = 24
CELL = 3  # columns of an hour
MOST_IN_CELL = 99
MOST = 3_000  # runs of an entry; one that has more has over 99 in every hour
LONGEST_NAME = 32


def print_timeline(
    schedules: Sequence[PlannedSchedule], output: str, now: datetime | None = None
) -> None:
    """A line for each schedule: who runs it, and how often in each hour."""
    start = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    rows = timeline(schedules, start=start, hours=HOURS, most=MOST)
    if output == "json":
        plain = [_plain(s, row) for s, row in zip(schedules, rows, strict=True)]
        click.echo(document("timeline", start=start.isoformat(), schedules=plain))
        return
    out = console()
    if not rows:
        out.print("There is no schedule.")
        return
    names = [_short(row.entry) for row in rows]
    width = max(len(name) for name in names)
    hours = [(start + timedelta(hours=number)).hour for number in range(HOURS)]
    head = "".join(f"{hour:>{CELL}}" for hour in hours)
    out.print(styled(f"{'UTC':<{width}}  {'runs on':<11} {head}", "bold"))
    for schedule, row, name in zip(schedules, rows, names, strict=True):
        by = _runs_on(schedule)
        begin = Text(f"{name:<{width}}  {by:<11} ")
        cells = styled(row.unknown, "yellow") if row.unknown else _cells(row, start)
        out.print(begin + cells, soft_wrap=True)
    out.print("Runs in each hour; + is more than 99.")


def _runs_on(schedule: PlannedSchedule) -> str:
    return str(schedule.target) if schedule.is_moved else "beat"


def _short(name: str) -> str:
    text = printable(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _cells(row: TimelineRow, start: datetime) -> Text:
    if row.is_dense:
        return Text(f"{'+':>{CELL}}" * HOURS)
    counts = [0] * HOURS
    for fire in row.fires:
        counts[(fire - start) // timedelta(hours=1)] += 1
    return Text("".join(f"{_cell(count):>{CELL}}" for count in counts))


def _cell(count: int) -> str:
    if not count:
        return "·"
    return "+" if count > MOST_IN_CELL else str(count)


def _plain(schedule: PlannedSchedule, row: TimelineRow) -> dict[str, object]:
    return {
        "name": row.entry,
        "task": row.task,
        "runs_on": _runs_on(schedule),
        "is_dense": row.is_dense,
        "fires": [fire.isoformat() for fire in row.fires],
        "then": None if row.then is None else row.then.isoformat(),
        "unknown": row.unknown,
    }
