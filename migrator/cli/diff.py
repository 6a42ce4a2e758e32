"""`migrate diff`: the patch that apply will write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument, selection_options
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FINDINGS, EXIT_NOTHING_TO_DO

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="diff")
@root_argument
@format_option("json")
@selection_options
@click.option("--stat", is_flag=True, help="Only the files and their line counts.")
@click.option(
    "--html", "is_html", is_flag=True, help="A page with both sides, to be passed on."
)
def command(
    root: Path, output: str, *, stat: bool, is_html: bool, **parts: tuple[str, ...]
) -> int:
    """Show exactly what apply will write, as a patch that `git apply` takes.

    \b
    migrate diff                     in colours on a terminal, else a patch
    migrate diff --html >diff.html   side by side, with what was decided
    migrate diff --task shop.tidy    of one task

    The patch goes to standard output, everything else to standard error. Exit code 0:
    nothing to change; 1: there are changes.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.apply import recover, unified_diff
    from migrator.pipeline import pending_changes
    from migrator.plan import Selection
    from migrator.report import change_report

    selection = Selection(parts["tasks"], parts["targets"], parts["paths"])
    recover(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        plan, changes = pending_changes(root, progress, selection)
    if output == "json":
        from migrator.report.json_report import changes_document

        click.echo(changes_document(changes))
    elif is_html:
        from datetime import UTC, datetime

        from migrator.report.html import diff_page

        page = diff_page(root.resolve().name, plan, changes, datetime.now(UTC))
        click.echo(page.encode(), nl=False)
    elif stat:
        change_report.print_stat(changes)
    else:
        patch = unified_diff(changes.changes)
        if sys.stdout.isatty():
            change_report.print_patch(patch)
        else:
            sys.stdout.buffer.write(patch)
            sys.stdout.buffer.flush()
    if output == "text":
        change_report.print_remarks(plan, changes, applied=False)
    return EXIT_FINDINGS if changes.changes else EXIT_NOTHING_TO_DO
