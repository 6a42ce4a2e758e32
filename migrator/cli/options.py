"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")


class Group(click.Group):
    """Lists its commands with whole sentences: click cuts them to the line."""

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, " ".join((one.help or "").partition("\n\n")[0].split()))
                    for name, one in sorted(self.commands.items())
                ]
            )


def root_argument(command: Command) -> Command:
    """PATH: the project's folder, by default the current one."""
    return click.argument(
        "root", metavar="[PATH]", default=".", type=click.Path(path_type=Path)
    )(command)


def root_option(command: Command) -> Command:
    """--root: the project's folder, where the argument is something else."""
    return click.option(
        "--root",
        default=".",
        type=click.Path(path_type=Path),
        help="The project's folder (default: the current one).",
    )(command)


def app_option(command: Command) -> Command:
    """--app: the Celery application of a live system."""
    return click.option(
        "--app",
        "-A",
        metavar="MODULE:NAME",
        help="The Celery application; by default the one that a scan finds.",
    )(command)


def import_app_option(command: Command) -> Command:
    """--import-app: computed schedules, as the application has them."""
    return click.option(
        "--import-app",
        metavar="MODULE:NAME",
        help="Import this application, in a process of its own, for the schedules "
        "that the code computes. Executes your code; nothing else does.",
    )(command)


def _targets(ctx: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """What the shell offers for a target."""
    del ctx, param
    from migrator.model import Target

    return [str(target) for target in Target if target.startswith(begun)]


def selection_options(command: Command) -> Command:
    """--task, --target, --path: a part of the plan."""
    for option in (
        click.option("--path", "paths", multiple=True, help="Only tasks of this file."),
        click.option(
            "--target",
            "targets",
            multiple=True,
            shell_complete=_targets,
            help="Only this target.",
        ),
        click.option("--task", "tasks", multiple=True, help="Only this task."),
    ):
        command = option(command)
    return command


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
