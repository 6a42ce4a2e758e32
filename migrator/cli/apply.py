"""`migrate apply`: writes the changes of the plan, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import root_argument
from migrator.cli.progress import progress_bar

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="apply")
@root_argument
@click.option(
    "--allow-dirty", is_flag=True, help="Write although there are uncommitted changes."
)
def command(root: Path, *, allow_dirty: bool) -> None:
    """Write exactly what `migrate diff` shows: every file, or none.

    Refuses a tree with uncommitted changes, so that the migration stays a change of
    its own. `migrate undo` takes it back.
    """
    from migrator.apply import apply_changes, recover, refuse_dirty_tree
    from migrator.pipeline import pending_changes
    from migrator.report import change_report

    recover(root)
    with progress_bar("Scanning", is_on=True) as progress:
        plan, changes = pending_changes(root, progress)
    if changes.changes and not allow_dirty:
        refuse_dirty_tree(root)
    apply_changes(root, changes.changes)
    change_report.print_stat(changes)
    change_report.print_remarks(plan, changes, applied=True)
