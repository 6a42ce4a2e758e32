"""`migrate undo`: puts back exactly what the last apply changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import format_option, root_argument
from migrator.shown import printable
from migrator.wording import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="undo")
@root_argument
@format_option("json")
def command(root: Path, output: str) -> None:
    """Put back, byte for byte, what the last apply changed.

    \b
    migrate undo                  the last apply or finish, all of it

    Refuses where one of the files was changed since, and names it.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.apply import recover, undo_last

    recover(root)
    paths = undo_last(root)
    if output == "json":
        from migrator.report.json_report import document

        click.echo(document("undone", put_back=list(paths)))
        return
    for path in paths:
        click.echo(f"put back  {printable(path)}")
    are = "is as it was" if len(paths) == 1 else "are as they were"
    click.echo(f"{counted(len(paths), 'file')} {are} before the apply.", err=True)
