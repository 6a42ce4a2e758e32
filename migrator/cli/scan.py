"""`migrate scan`: inventory, verdicts and blind spots; writes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FILE_FAILED, EXIT_FINDINGS, EXIT_NOTHING_TO_DO

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="scan")
@root_argument
@format_option("json")
@click.option("--all", "show_all", is_flag=True, help="Print every blind spot.")
def command(root: Path, output: str, *, show_all: bool) -> int:
    """Find every task, caller and schedule, and say what could move, and why.

    \b
    migrate scan                     the current folder
    migrate scan src --format json   for programs

    Exit code 0: no Celery task found; 1: tasks found; 3: a file could not be read.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.pipeline import failed_files, survey

    started = time.perf_counter()
    with progress_bar("Scanning", is_on=output == "text") as progress:
        found = survey(root, progress)
    seconds = time.perf_counter() - started
    if output == "json":
        from migrator.report.json_report import scan_document

        click.echo(scan_document(found.inventory, found.verdicts))
    else:
        from migrator.report.scan_report import print_scan

        print_scan(found, seconds, show_all=show_all)
    if failed_files(found.inventory):
        return EXIT_FILE_FAILED
    return EXIT_FINDINGS if found.inventory.tasks else EXIT_NOTHING_TO_DO
