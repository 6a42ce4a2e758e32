"""docs/reference/commands.md is every `--help`; renewed by --update-golden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from migrator.cli import COMMANDS, migrate

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
HEAD = """\
# Commands

Generated from the command line's own help. Every command can be run again at any
time, takes the project's folder as PATH (default: the current one), and exits with 0
(nothing to do, or done), 1 (findings or pending changes), 2 (wrong usage), 3 (a file
failed or a write was refused), 4 (verification failed) or 130 (interrupted).
"""


def commands():
    """Name and command, those of a group behind it."""
    for name in COMMANDS:
        command = migrate.get_command(click.Context(migrate), name)
        yield name, command
        if isinstance(command, click.Group):
            for part, inner in command.commands.items():
                yield f"{name} {part}", inner


def page():
    parts = [HEAD]
    for name, command in commands():
        # As the group calls it: what it says of help options holds for all commands.
        parent = click.Context(migrate, info_name="migrate", **migrate.context_settings)
        context = click.Context(command, parent, info_name=name)
        context.max_content_width = 88
        context.terminal_width = 88
        parts.append(
            f"## migrate {name}\n\n```text\n{command.get_help(context)}\n```\n"
        )
    return "\n".join(parts)


def test_the_page_is_current(request):
    """In a process of its own: click keeps the help option of whoever asked first."""
    command = [sys.executable, __file__]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if request.config.getoption("--update-golden"):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made


def test_every_command_says_what_it_does():
    for name, command in commands():
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, f"{name} {parameter.name}"


if __name__ == "__main__":
    sys.stdout.write(page())
