"""`migrate status`: the burn-down of the migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FINDINGS, EXIT_NOTHING_TO_DO

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="status")
@root_argument
@format_option("json")
def command(root: Path, output: str) -> int:
    """Say what has moved, what is left, and who still calls it.

    Exit code 0: nothing is left on Celery and no shim is left; 1: something is.
    """
    from migrator.pipeline import make_plan, read_plan_file, survey
    from migrator.report import status_report
    from migrator.status import burn_down

    manifest = read_plan_file(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        found = survey(root, progress)
    status = burn_down(found.inventory, make_plan(found, manifest))
    status_report.print_status(status, output)
    return EXIT_NOTHING_TO_DO if status.is_finished else EXIT_FINDINGS
