"""`migrate undo`: puts back exactly what the last apply changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import root_argument

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="undo")
@root_argument
def command(root: Path) -> None:
    """Put back, byte for byte, what the last apply changed.

    Refuses where one of the files was changed since, and names it.
    """
    from migrator.apply import recover, undo_last

    recover(root)
    paths = undo_last(root)
    for path in paths:
        click.echo(f"put back  {path}")
    click.echo(f"{len(paths)} files are as they were before the apply.", err=True)
