"""`migrate finish`: takes the shim and the registration of moved tasks out again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from migrator.cli.options import app_option, format_option, root_option
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FINDINGS, EXIT_NOTHING_TO_DO, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.finishing import Finish


@click.command(name="finish")
@click.argument("tasks", metavar="[TASK]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every task that can be finished.")
@root_option
@app_option
@format_option("json")
@click.option("--diff", "is_diff", is_flag=True, help="Show the patch, write nothing.")
@click.option("--queue", multiple=True, help="One more queue to look into.")
@click.option(
    "--no-broker-check",
    is_flag=True,
    help="Do not look for calls in flight: you have made sure that there are none.",
)
@click.option(
    "--blind-spots-checked",
    is_flag=True,
    help="You have looked at every blind spot: none reaches a task to be finished.",
)
@click.option(
    "--allow-dirty", is_flag=True, help="Write although there are uncommitted changes."
)
def command(
    tasks: tuple[str, ...],
    root: Path,
    app: str | None,
    output: str,
    queue: tuple[str, ...],
    **flags: bool,
) -> int:
    """Make moved tasks plain functions, with all of their callers or not at all.

    \b
    migrate finish --all --diff      what would be written, and who keeps the shim
    migrate finish health.check      one task
    migrate finish --all             every task that can be

    Calls become what `callers` of the task's stanza in migrate.toml says. Refuses while
    a call is in flight in Celery's broker, its workers or the outbox; for that it
    imports the project's Celery application, in a process of its own. `migrate undo`
    takes it back.

    Exit code 0: all of them finished; 1: some keep the shim, or --diff shows changes;
    3: calls are in flight, or a write was refused.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.apply import apply_changes, recover, refuse_dirty_tree
    from migrator.finishing import finish
    from migrator.report import change_report, finish_report
    from migrator.report.json_report import finish_document

    if bool(tasks) == bool(flags["is_all"]):
        raise UsageError("say which tasks are to be finished, or --all")
    recover(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        has_looked = flags["blind_spots_checked"]
        outcome = finish(root, tasks, has_looked=has_looked, progress=progress)
    if flags["is_diff"]:
        return _show(outcome, output)
    changes = outcome.changes.changes
    if changes and not flags["allow_dirty"]:
        refuse_dirty_tree(root)
    if changes and not flags["no_broker_check"]:
        _look(root, app, outcome, queue)
    apply_changes(root, changes)
    if output == "json":
        click.echo(finish_document(outcome, applied=True))
    else:
        if changes:
            change_report.print_stat(outcome.changes)
        finish_report.print_finish(outcome, applied=True)
    return EXIT_FINDINGS if outcome.kept or outcome.unseen else EXIT_NOTHING_TO_DO


def _show(outcome: Finish, output: str) -> int:
    from migrator.apply import unified_diff
    from migrator.report import change_report, finish_report
    from migrator.report.json_report import finish_document

    has_changes = bool(outcome.changes.changes)
    if output == "json":
        click.echo(finish_document(outcome, applied=False))
        return EXIT_FINDINGS if has_changes else EXIT_NOTHING_TO_DO
    patch = unified_diff(outcome.changes.changes)
    if sys.stdout.isatty():
        change_report.print_patch(patch)
    else:
        sys.stdout.buffer.write(patch)
        sys.stdout.buffer.flush()
    finish_report.print_finish(outcome, applied=False)
    return EXIT_FINDINGS if has_changes else EXIT_NOTHING_TO_DO


def _look(
    root: Path, app: str | None, outcome: Finish, queues: tuple[str, ...]
) -> None:
    """InFlightError where a call is on its way to a task that would be gone."""
    from migrator.live import live_application
    from migrator.operate.in_flight import refuse_in_flight

    live = live_application(root, app)
    looked = refuse_in_flight(live.process, outcome.finished, queues)
    if looked.workers_silent:
        click.echo(
            "no worker answered: a body that one runs at this moment is not counted",
            err=True,
        )
