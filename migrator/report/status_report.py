"""What `migrate status` prints."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from migrator.report.console import console, print_rows, styled
from migrator.report.json_report import document
from migrator.status import Stage

if TYPE_CHECKING:
    from migrator.report.console import Row
    from migrator.status import Status, TaskStatus

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
    titles = ("stage", "target", "calls", "on beat", "moved", "task")
    print_rows(out, titles, map(_row, sorted(status.tasks, key=_finished_first)))
    moved, planned = status.count(Stage.MOVED), status.count(Stage.PLANNED)
    stays = status.count(Stage.CELERY)
    finished = status.count(Stage.FINISHED)
    done = f"{finished} finished, " if finished else ""
    out.print(f"\n{done}{moved} moved, {planned} to move, {stays} on Celery")
    if planned:
        out.print("Next: migrate diff, then migrate apply")
    elif moved:
        out.print("Next: migrate drain, then migrate finish TASK")


def _finished_first(task: TaskStatus) -> tuple[int, str]:
    return ORDER.index(task.stage), task.name


def _row(task: TaskStatus) -> Row:
    """The numbers are of call sites, of schedules on beat, and of those that moved."""
    numbers = (task.call_sites, task.schedules_on_beat, task.schedules_moved)
    return (
        [
            Text(str(task.stage), style=STYLES[task.stage]),
            Text(str(task.target)),
            *(Text(str(number)) for number in numbers),
        ],
        [styled(task.name)],
    )


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
    titles = [heading for heading, _ in LIVE_COLUMNS]
    rows = (_live_row(name, tasks[name]) for name in sorted(tasks))
    print_rows(out, [*titles, "task"], rows)


def _live_row(name: str, known: dict[str, Any]) -> Row:
    route = f"  route {known.get('route') or 'light'}"
    success = f"  last success {_moment(known.get('last_success'))}"
    return (
        [Text(_number(known.get(key))) for _, key in LIVE_COLUMNS],
        [styled(name, "bold"), styled(route, "dim"), styled(success, "dim")],
    )


def _number(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
