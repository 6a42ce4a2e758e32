"""`migrate scan`: inventory, verdicts and blind spots; writes nothing unasked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, import_app_option, root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import EXIT_FILE_FAILED, EXIT_FINDINGS, EXIT_NOTHING_TO_DO
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.pipeline import Survey
    from migrator.report.baseline import Comparison
    from migrator.schedules import StoredEntry


@click.command(name="scan")
@root_argument
@import_app_option
@format_option("json", "sarif", "html", "github")
@click.option("--all", "show_all", is_flag=True, help="Print every blind spot.")
@click.option(
    "--check",
    is_flag=True,
    help="For CI: exit code 1 only where something is on Celery that is not in the "
    "baseline.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is known to be on Celery; implies --check.",
)
@click.option(
    "--write-baseline",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what is on Celery now to FILE, to be committed.",
)
def command(  # noqa: PLR0913 - an option each
    root: Path,
    import_app: str | None,
    output: str,
    baseline: Path | None,
    write_baseline: Path | None,
    *,
    show_all: bool,
    check: bool,
) -> int:
    """Find every task, caller and schedule, and say what could move, and why.

    \b
    migrate scan                                 the current folder
    migrate scan src --format html >report.html  to read and to pass on
    migrate scan --write-baseline celery.json    what is on Celery today
    migrate scan --baseline celery.json          in CI: nothing may be added

    Exit code 0: no Celery task found (with --check: none beyond the baseline); 1: tasks
    found; 3: a file could not be read.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.pipeline import survey
    from migrator.report.scan_formats import print_comparison, scan_output
    from migrator.report.scan_report import print_scan

    started = time.perf_counter()
    imported = _imported(root, import_app)
    with progress_bar("Scanning", is_on=output == "text") as progress:
        found = survey(root, progress, imported)
    seconds = time.perf_counter() - started
    comparison = None
    if write_baseline:
        _write(found, write_baseline)
        return _exit_code(found, has_findings=False)
    if check or baseline:
        comparison = _compared(found, baseline)
    if output != "text":
        click.echo(scan_output(found, output, comparison), nl=False)
    elif comparison is not None:
        print_comparison(comparison)
    else:
        print_scan(found, seconds, show_all=show_all)
    findings = found.inventory.tasks if comparison is None else comparison.new
    return _exit_code(found, has_findings=bool(findings))


def _imported(root: Path, app: str | None) -> tuple[StoredEntry, ...]:
    if app is None:
        return ()
    from migrator.operate.schedules import read_application

    return read_application(root, app)


def _exit_code(found: Survey, *, has_findings: bool) -> int:
    if found.inventory.failed_files:
        return EXIT_FILE_FAILED
    return EXIT_FINDINGS if has_findings else EXIT_NOTHING_TO_DO


def _write(found: Survey, path: Path) -> None:
    from migrator.apply import write_file
    from migrator.report.baseline import baseline_document, items_on_celery

    items = items_on_celery(found)
    write_file(path, baseline_document(items).encode())
    things = counted(len(items), "thing")
    click.echo(f"{path}: {things} on Celery; commit it", err=True)


def _compared(found: Survey, path: Path | None) -> Comparison:
    from migrator.report import baseline

    data = path.read_bytes() if path else None
    known = baseline.read_baseline(data, str(path)) if data is not None else None
    return baseline.compare(baseline.items_on_celery(found), known)
