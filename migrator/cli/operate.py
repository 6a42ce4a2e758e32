"""`migrate operate`: what a live store or the running application knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from migrator.cli.options import (
    Group,
    format_option,
    import_app_option,
    root_option,
)
from migrator.errors import UsageError
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.schedules import StoredEntry

REDIS = frozenset({"redis", "rediss", "unix"})


@click.group(name="operate", cls=Group)
def command() -> None:
    """Look at what the code does not hold: stores and the running application.

    \b
    migrate operate export-schedules celerybeat-schedule
    migrate operate export-schedules --import-app shop.celery:app
    """  # noqa: D301 - \b is click's mark for lines to keep


@command.command(name="export-schedules")
@click.argument("stores", nargs=-1, metavar="[STORE]...")
@root_option
@import_app_option
@click.option(
    "--timezone",
    default="UTC",
    show_default=True,
    help="The application's zone, which RedBeat's crontabs mean.",
)
@click.option(
    "--prefix",
    default="redbeat:",
    show_default=True,
    help="What RedBeat's keys begin with.",
)
@format_option("json")
def export_schedules(
    stores: tuple[str, ...],
    root: Path,
    import_app: str | None,
    output: str,
    **redbeat: str,
) -> None:
    """Write what beat's store holds into migrate-schedules.json, for scan and plan.

    \b
    migrate operate export-schedules celerybeat-schedule       beat's own file
    migrate operate export-schedules postgresql+psycopg://...  django-celery-beat
    migrate operate export-schedules redis://localhost/1       RedBeat
    migrate operate export-schedules --import-app shop.celery:app

    With its last run an interval keeps its phase when it moves, and what came due since
    is made up for once: so stop beat first. How to keep it running instead:
    docs/how-to/cut-over.md. Entries that only a
    store knows are listed by scan and plan, and stay where they are. The store is
    read and never written; what it holds is not executed. The file contains the
    arguments of the entries: look at it before you commit it.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.operate.schedules import read_application

    if not stores and import_app is None:
        raise UsageError(
            "no store is named",
            hint="Give beat's file, a database URL, a Redis URL, or --import-app.",
        )
    found = [entry for store in stores for entry in _read(store, redbeat)]
    if import_app is not None:
        found += read_application(root, import_app)
    keep(root, found)
    _show(found, output)


def _read(store: str, redbeat: dict[str, str]) -> tuple[StoredEntry, ...]:
    from migrator import schedules

    kind, has_scheme, _ = store.partition("://")
    try:
        if not has_scheme:
            return schedules.read_shelve(Path(store))
        if kind in REDIS:
            prefix, zone = redbeat["prefix"], redbeat["timezone"]
            return schedules.read_redbeat(store, prefix=prefix, zone=zone)
        return schedules.read_django_celery_beat(store)
    except schedules.StoreReadError as error:
        raise UsageError(
            str(error), where=kind if has_scheme else store, hint="Nothing was written."
        ) from error


def keep(root: Path, found: Sequence[StoredEntry]) -> None:
    """Write `found` in place of what was known of its origins."""
    from migrator.apply import write_file
    from migrator.operate.schedules import (
        FILE_NAME,
        load_schedules,
        merged,
        schedules_text,
    )

    path = root / FILE_NAME
    write_file(path, schedules_text(merged(load_schedules(path), found)).encode())


def _show(found: Sequence[StoredEntry], output: str) -> None:
    from migrator.operate.schedules import FILE_NAME, plain_entry

    if output == "json":
        from migrator.report.json_report import document

        click.echo(document("schedules", entries=[plain_entry(e) for e in found]))
        return
    for entry in found:
        last = entry.last_run_at
        ran = f"last ran {last:%Y-%m-%d %H:%M:%S} UTC" if last else "no run is known"
        state = "" if entry.is_enabled else ", disabled"
        click.echo(f"{entry.origin}: {entry.name!r} -> {entry.task}: {ran}{state}")
    entries = counted(len(found), "entry")
    click.echo(f"{FILE_NAME} written: {entries}. Next: migrate plan")
