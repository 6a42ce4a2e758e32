"""What `migrate status` prints."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from migrator.report.console import console
from migrator.report.json_report import document
from migrator.shown import printable
from migrator.status import Stage

if TYPE_CHECKING:
    from migrator.status import Status

STYLES = {
    Stage.FINISHED: "bold green",
    Stage.MOVED: "green",
    Stage.PLANNED: "yellow",
    Stage.CELERY: "dim",
}
ORDER = list(STYLES)


def print_status(status: Status, output: str) -> None:
    """A row per task, the totals, and the next step."""
    if output == "json":
        tasks = [dataclasses.asdict(task) for task in status.tasks]
        click.echo(document("status", tasks=tasks))
        return
    out = console()
    if status.is_finished:
        out.print("No Celery task is left.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("task", overflow="fold")
    table.add_column("stage", no_wrap=True)
    table.add_column("target", no_wrap=True)
    for heading in ("callers", "on beat", "moved schedules"):
        table.add_column(heading, justify="right", no_wrap=True)
    for task in sorted(status.tasks, key=lambda t: (ORDER.index(t.stage), t.name)):
        table.add_row(
            printable(task.name),
            Text(str(task.stage), style=STYLES[task.stage]),
            str(task.target),
            str(task.call_sites),
            str(task.schedules_on_beat),
            str(task.schedules_moved),
        )
    out.print(table)
    moved, planned = status.count(Stage.MOVED), status.count(Stage.PLANNED)
    stays = status.count(Stage.CELERY)
    finished = status.count(Stage.FINISHED)
    done = f"{finished} finished, " if finished else ""
    out.print(f"\n{done}{moved} moved, {planned} to move, {stays} on Celery")
    if planned:
        out.print("Next: migrate diff, then migrate apply")
    elif moved:
        out.print("Next: migrate drain, then migrate finish TASK")


LIVE_COLUMNS = (
    ("queued", "waiting"),
    ("running", "running"),
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("p50", "p50"),
    ("p95", "p95"),
)


def print_live(tasks: dict[str, dict[str, Any]], output: str) -> None:
    """A row per task of what the outbox knows."""
    if output == "json":
        click.echo(document("live", tasks=tasks))
        return
    out = console()
    if not tasks:
        out.print("The outbox knows of no call yet.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("task", overflow="fold")
    for heading, _ in LIVE_COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("last success", no_wrap=True)
    table.add_column("route", no_wrap=True)
    for name, known in sorted(tasks.items()):
        table.add_row(
            printable(name),
            *(_number(known.get(key)) for _, key in LIVE_COLUMNS),
            _moment(known.get("last_success")),
            printable(str(known.get("route") or "light")),
        )
    out.print(table)


def _number(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
