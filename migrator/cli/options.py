"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")


def root_argument(command: Command) -> Command:
    """PATH: the project's folder, by default the current one."""
    return click.argument(
        "root", metavar="[PATH]", default=".", type=click.Path(path_type=Path)
    )(command)


def format_option(*choices: str) -> Callable[[Command], Command]:
    """--format: text for people, the others for programs."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(["text", *choices]),
        default="text",
        show_default=True,
        help="What to print on standard output.",
    )
