"""`migrate plan`: writes or refreshes migrate.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, import_app_option, root_argument
from migrator.cli.progress import progress_bar

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="plan")
@root_argument
@import_app_option
@format_option("json")
def command(root: Path, import_app: str | None, output: str) -> None:
    """Write or refresh migrate.toml: a stanza per task and per schedule.

    \b
    migrate plan                  writes migrate.toml, or brings it up to date
    migrate plan --format json    the plan, for programs

    What you decided (accept, target, comments) survives a refresh. A stanza whose
    source changed is marked stale, and is not applied until you delete that mark.

    With --import-app, schedules that the code computes are evaluated once and kept in
    migrate-schedules.json, so that they stay what they are from now on.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.apply import recover, write_file
    from migrator.pipeline import make_plan, read_plan_file, survey
    from migrator.plan import FILE_NAME, refreshed

    recover(root)
    if import_app:
        from migrator.cli.operate import keep
        from migrator.operate.schedules import read_application

        keep(root, read_application(root, import_app))
    manifest = read_plan_file(root)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        found = survey(root, progress)
    plan = make_plan(found, manifest, is_refresh=True)
    text = refreshed(manifest, plan)
    has_changed = write_file(root / FILE_NAME, text.encode())
    if output == "json":
        from migrator.report.json_report import plan_document

        click.echo(plan_document(plan))
        return
    from migrator.report.plan_report import print_plan

    print_plan(plan, FILE_NAME, has_changed=has_changed)
