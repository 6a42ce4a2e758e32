"""`migrate apply`: writes the changes of the plan, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument, selection_options
from migrator.cli.progress import progress_bar
from migrator.shown import printable
from migrator.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.model import ChangeSet
    from migrator.plan import Selection


@click.command(name="apply")
@root_argument
@format_option("json")
@selection_options
@click.option(
    "--test",
    metavar="CMD",
    help="Run this command in two git worktrees, without and with the changes, and "
    "write only if nothing that passed fails.",
)
@click.option(
    "--commit-per-task",
    is_flag=True,
    help="One commit for each task, with the generated code as of that task.",
)
@click.option(
    "--route",
    type=click.Choice(["light", "celery"]),
    default="light",
    show_default=True,
    help="celery: a first release that changes nothing yet. Schedules stay on beat, "
    "and light_routes.json keeps the calls on Celery until you switch them.",
)
@click.option(
    "--allow-dirty", is_flag=True, help="Write although there are uncommitted changes."
)
def command(
    root: Path,
    output: str,
    test: str | None,
    route: str,
    *,
    commit_per_task: bool,
    allow_dirty: bool,
    **parts: tuple[str, ...],
) -> None:
    """Write exactly what `migrate diff` shows: every file, or none.

    \b
    migrate apply                         everything that the plan moves
    migrate apply --task shop.tidy        one task
    migrate apply --test "pytest -q"      your tests decide
    migrate apply --commit-per-task       a history to be reviewed task by task
    migrate apply --route celery          a release that can be switched later

    Refuses a tree with uncommitted changes, so that the migration stays a change of
    its own. `migrate undo` takes it back; after --commit-per-task, `git revert`.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.apply import apply_changes, recover, refuse_dirty_tree, try_changes
    from migrator.pipeline import pending_changes
    from migrator.plan import Selection
    from migrator.report import change_report

    selection = Selection(
        parts["tasks"],
        parts["targets"],
        parts["paths"],
        schedules_stay=route == "celery",
    )
    recover(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        plan, changes = pending_changes(root, progress, selection)
    # What is tested or committed must be the migration, and nothing beside it.
    if changes.changes and (test or commit_per_task or not allow_dirty):
        refuse_dirty_tree(root)
    if test and changes.changes:
        change_report.print_trial(try_changes(root, changes.changes, test))
    if commit_per_task:
        _commit_each(root, selection)
    else:
        apply_changes(root, changes.changes)
    if output == "json":
        from migrator.report.json_report import applied_document

        click.echo(applied_document(changes))
        return
    change_report.print_stat(changes)
    change_report.print_remarks(plan, changes, applied=True)


def _commit_each(root: Path, selection: Selection) -> None:
    """Apply and commit task by task; each commit is a whole apply of its own."""
    from dataclasses import replace

    from migrator.pipeline import pending_changes, pending_tasks

    for name in pending_tasks(root, selection):
        _, changes = pending_changes(root, None, replace(selection, tasks=(name,)))
        _apply_and_commit(root, changes, f"Move {name} off Celery")
    _, rest = pending_changes(root, None, selection)
    _apply_and_commit(root, rest, "Finish what the plan of the migration asks for")


def _apply_and_commit(root: Path, changes: ChangeSet, message: str) -> None:
    from migrator.apply import apply_changes, commit

    written = apply_changes(root, changes.changes)
    if written:
        commit(root, written, message)
        click.echo(
            f"committed: {printable(message)} ({counted(len(written), 'file')})",
            err=True,
        )
