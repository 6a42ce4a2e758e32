"""`migrate drain`: what Celery's broker and workers still hold of moved tasks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from migrator.cli.options import app_option, format_option, root_option
from migrator.errors import EXIT_FINDINGS, EXIT_NOTHING_TO_DO
from migrator.shown import printable
from migrator.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

PAUSE = 5.0  # seconds between two looks with --wait


@click.command(name="drain")
@root_option
@app_option
@format_option("json")
@click.option("--wait", is_flag=True, help="Look again until nothing is left.")
@click.option("--queue", multiple=True, help="One more queue to look into.")
def command(
    root: Path, app: str | None, output: str, *, wait: bool, queue: tuple[str, ...]
) -> int:
    """Count the messages of moved tasks that are still on Celery's side; read only.

    \b
    migrate drain                 what is left, by task and place
    migrate drain --wait          until nothing is left

    Queues of all priorities, unacknowledged messages, and what workers hold as
    scheduled, reserved or active. Exit code 0: nothing is left; 1: something is.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.live import live_application
    from migrator.operate.shim_process import ask_shim

    live = live_application(root, app)
    flags = [part for name in queue for part in ("--queue", name)]
    while True:
        answer = ask_shim(live.process, "drain", *flags)
        left = {
            task: counts
            for task, counts in answer["tasks"].items()
            if counts["left"] and task in live.moved
        }
        if not wait or not left:
            break
        click.echo(f"{_total(left)} left, looking again in {PAUSE:g} s", err=True)
        time.sleep(PAUSE)
    if output == "json":
        from migrator.report.json_report import document

        click.echo(document("drain", **answer, left=sorted(left)))
    else:
        _print(left, answer)
    return EXIT_FINDINGS if left or answer["unreadable"] else EXIT_NOTHING_TO_DO


def _print(left: dict[str, dict[str, int]], answer: dict[str, Any]) -> None:
    for task, counts in sorted(left.items()):
        places = ", ".join(f"{n} {place}" for place, n in counts.items() if n)
        click.echo(f"{printable(task)}: {places}")
    if answer["unreadable"]:
        click.echo(f"{counted(answer['unreadable'], 'message')} could not be read")
    if answer["workers_silent"]:
        click.echo("no worker answered: what workers hold is not counted", err=True)
    if not left:
        click.echo("Nothing of a moved task is left on Celery's side.")


def _total(left: dict[str, dict[str, int]]) -> int:
    return sum(counts["left"] for counts in left.values())
