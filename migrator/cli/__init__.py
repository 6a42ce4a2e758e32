"""The command `migrate`: a click group that imports a command when it is called.

`migrate --help` must stay quick, so neither libcst, jinja2 nor rich is imported
before a command runs that needs them.
"""

from __future__ import annotations

import os
import sys

import click

from migrator._version import __version__
from migrator.errors import EXIT_INTERRUPTED, MigratorError
from migrator.shown import printable

# command = its module; the text is what `migrate --help` shows.
COMMANDS = {
    "scan": "Find tasks, callers and schedules; say light, review or heavy, and why.",
    "evidence": "Let measured run times confirm or overturn verdicts.",
    "plan": "Write or refresh migrate.toml, the plan that you edit and commit.",
    "review": "Decide task by task, with keys as in `git add -p`.",
    "diff": "Show exactly what apply will write.",
    "apply": "Write the changes of the plan, all or none.",
    "undo": "Put back exactly what the last apply changed.",
    "status": "Say what has moved, what is left, and who still calls it.",
    "route": "Send a moved task's calls to light or to Celery, without a deploy.",
    "drain": "Count what Celery still holds of moved tasks.",
    "operate": "Read the schedules that a store or the application holds.",
    "finish": "Take the shim out: moved tasks become plain functions.",
    "verify": "Account for everything: what was before is after, moved, or named.",
    "explain": "Say what a rule looks for, why, and what to do about it.",
}


class LazyGroup(click.Group):
    """Knows the names of its commands, and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in COMMANDS:
            return None
        import importlib

        module = importlib.import_module(f"migrator.cli.{name}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(name)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="migrate")
def migrate() -> None:
    """Move light Celery tasks to APScheduler, FastAPI or Kubernetes CronJobs.

    \b
    migrate scan           what is there, and what could move
    migrate plan           writes migrate.toml; edit and commit it
    migrate diff           what would change
    migrate apply          changes it; `migrate undo` takes it back

    Exit codes: 0 nothing to do or done, 1 findings or pending changes, 2 wrong usage,
    3 a file failed or a write was refused, 4 verification failed, 130 interrupted.
    """  # noqa: D301 - \b is click's mark for lines to keep


def main() -> None:
    """Run the command line; an error of ours is printed without a traceback."""
    try:
        sys.exit(migrate(standalone_mode=False))
    except MigratorError as error:
        lines = map(printable, f"migrate: {error}".split("\n"))
        # click itself does not know of https://no-color.org
        colour = None if os.environ.get("NO_COLOR") else "red"
        click.secho("\n".join(lines), fg=colour, err=True)
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("migrate: interrupted; no file is half written", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
