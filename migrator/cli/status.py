"""`migrate status`: the burn-down of the migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import app_option, format_option, root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FINDINGS, EXIT_NOTHING_TO_DO

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="status")
@root_argument
@app_option
@format_option("json")
@click.option(
    "--live", is_flag=True, help="Ask the outbox what waits, runs and failed."
)
@click.option(
    "--timeline", is_flag=True, help="Show what runs in the next 24 hours, and by whom."
)
def command(
    root: Path, app: str | None, output: str, *, live: bool, timeline: bool
) -> int:
    """Say what has moved, what is left, and who still calls it.

    \b
    migrate status                the burn-down, from the source alone
    migrate status --live         what waits, runs and failed

    With --live, per task from the outbox: queued, running, failed, median and 95th
    percentile of the run times in seconds, the last success, and its route.

    With --timeline, for each schedule the number of its runs in each of the coming 24
    hours (UTC), on beat or moved; JSON has the times, of an entry
    that runs twice a minute or more often (`is_dense`) the first 3,000.

    Exit code 0: nothing is left on Celery and no shim is left; 1: something is.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.live import live_application
    from migrator.pipeline import make_plan, read_plan_file, survey
    from migrator.report import status_report
    from migrator.status import burn_down

    if live:
        from migrator.operate.shim_process import ask_shim

        where = live_application(root, app)
        tasks = ask_shim(where.process, "status")
        status_report.print_live(tasks, output)
        return EXIT_NOTHING_TO_DO
    manifest = read_plan_file(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        found = survey(root, progress)
    plan = make_plan(found, manifest)
    if timeline:
        from migrator.report.timeline_report import print_timeline

        print_timeline(plan.schedules, output)
        return EXIT_NOTHING_TO_DO
    status = burn_down(found.inventory, plan)
    status_report.print_status(status, output)
    return EXIT_NOTHING_TO_DO if status.is_finished else EXIT_FINDINGS
