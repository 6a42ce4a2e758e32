"""`migrate route`: where a moved task's calls go, without a deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import app_option, format_option, root_option
from migrator.wording import counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="route")
@click.argument("task")
@root_option
@app_option
@format_option("json")
@click.option("--to", type=click.Choice(["light", "celery"]), help="Where calls go.")
@click.option(
    "--percent",
    type=click.FloatRange(0, 100),
    help="Only this share of the calls, by a hash of the task's id.",
)
@click.option("--remove", is_flag=True, help="Forget the route: the default is light.")
@click.option("--drain", is_flag=True, help="Hand what waits to Celery's queue.")
def command(
    task: str, root: Path, app: str | None, output: str, **options: object
) -> None:
    """Send the calls of TASK to its light side or back to Celery.

    \b
    migrate route shop.tidy --to celery               back, at once
    migrate route shop.tidy --to light --percent 10   a tenth of the calls
    migrate route shop.tidy --remove                  the default again

    The route is kept in the outbox's store, and every process follows it within five
    seconds. A store that cannot be read means Celery.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.live import live_application
    from migrator.operate.shim_process import ask_shim

    live = live_application(root, app)
    flags = [f"--{name}" for name in ("remove", "drain") if options[name]]
    for name in ("to", "percent"):
        if options[name] is not None:
            flags += [f"--{name}", str(options[name])]
    answer = ask_shim(live.process, "route", task, *flags)
    if output == "json":
        from migrator.report.json_report import document

        click.echo(document("route", **answer))
        return
    click.echo(f"{task}: {answer['route'] or 'light, by default'}")
    if options["drain"]:
        click.echo(
            f"{counted(answer['handed_over'], 'waiting call')} handed to Celery's queue"
        )
