"""`migrate evidence`: measured run times confirm or overturn verdicts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrator.cli.options import Group, root_option
from migrator.cli.progress import progress_bar
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import Evidence

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """`90s`, `10m`, `2h`, `7d`: a number of seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", value)
    if match is None:
        message = f"{value!r} is no duration such as 90s, 10m, 2h or 7d"
        raise click.BadParameter(message, ctx, param)
    return float(match[1]) * SECONDS[match[2]]


@click.group(name="evidence", cls=Group)
def command() -> None:
    """Measured run times confirm or overturn verdicts.

    \b
    migrate evidence import worker.log       from logs, events, CSV, Prometheus
    migrate evidence watch --for 1h          from live workers

    They are kept in migrate-evidence.json: figures per task, never an argument or a
    result. At least 30 runs and one full period of a schedule count. They may lower
    light to heavy and lift review to light; they never lift a veto.
    """  # noqa: D301 - \b is click's mark for lines to keep


@command.command(name="import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@root_option
@click.option(
    "--window",
    callback=_seconds,
    default="0s",
    help="The time that a source without dates covers, e.g. 7d.",
)
@click.option("--replace", is_flag=True, help="Forget what was imported before.")
def import_files(
    files: tuple[Path, ...], root: Path, window: float, *, replace: bool
) -> None:
    """Read event dumps, worker logs, Prometheus text or JSON, or CSV.

    \b
    migrate evidence import worker.log
    migrate evidence import figures.csv --window 7d

    CSV columns: name, count, p50, p95, max, failures, retries.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.operate.evidence import import_evidence

    imported = import_evidence(files, window=window)
    for name, count in imported.read.items():
        click.echo(f"{name}: {counted(count, 'record')} read")
    _keep(root, imported.evidence, replace=replace)


@command.command(name="watch")
@root_option
@click.option(
    "--broker", envvar="REDIS_URL", required=True, help="URL; default: REDIS_URL."
)
@click.option(
    "--for",
    "seconds",
    callback=_seconds,
    default="10m",
    show_default=True,
    help="How long to listen.",
)
@click.option(
    "--enable-events",
    is_flag=True,
    help="Switch task events on meanwhile, in workers that run without -E.",
)
@click.option("--replace", is_flag=True, help="Forget what was measured before.")
def watch_workers(
    root: Path, broker: str, seconds: float, *, enable_events: bool, replace: bool
) -> None:
    """Listen to the events of live workers; consumes nothing from task queues.

    \b
    migrate evidence watch --for 1h                            at REDIS_URL
    migrate evidence watch --broker redis://localhost/0 --enable-events

    Ctrl-C ends it early and keeps what was heard.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.operate.watch import watch

    with progress_bar("Listening", is_on=True) as advance:

        def progress(gone: float, _: int) -> None:
            if advance is not None:
                advance(round(gone), round(seconds))

        heard = watch(
            broker, seconds, may_switch_on=enable_events, on_progress=progress
        )
    click.echo(
        f"{counted(heard.events, 'event')} of {counted(len(heard.workers), 'worker')} "
        f"in {heard.seconds:.0f} s"
    )
    _keep(root, heard.evidence, replace=replace)
    if not heard.is_whole:
        raise KeyboardInterrupt  # for its exit code


def _keep(root: Path, new: Sequence[Evidence], *, replace: bool) -> None:
    """Merge with what is known, and say which tasks it is about."""
    from migrator.apply import write_file
    from migrator.operate.evidence import evidence_document, load_evidence, match_tasks
    from migrator.operate.evidence.collect import merged
    from migrator.pipeline import EVIDENCE_FILE, survey

    path = root / EVIDENCE_FILE
    known = () if replace else load_evidence(path)
    evidence = merged([*known, *new])
    write_file(path, evidence_document(evidence))
    match = match_tasks(survey(root).inventory, evidence)
    click.echo(
        f"{EVIDENCE_FILE}: {counted(len(match.matched), 'task')} measured, "
        f"{len(match.unmeasured)} without a measurement"
    )
    for name in match.unknown:
        click.echo(f"measured, and no task of this project: {name!a}")
    click.echo("Next: migrate scan, then migrate plan")
