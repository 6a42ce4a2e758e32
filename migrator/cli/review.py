"""`migrate review`: one task at a time, with keys as in `git add -p`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from migrator.cli.options import root_argument
from migrator.cli.progress import progress_bar
from migrator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from migrator.model import Accept, PlannedTask, Target

HELP = {
    "y": "move this task",
    "n": "leave it on Celery",
    "l": "decide later",
    "t": "choose another target",
    "e": "explain: every reason, with its rule",
    "q": "quit; what you decided is kept",
    "?": "print this help",
}


@click.command(name="review")
@root_argument
@click.option("--all", "show_all", is_flag=True, help="Also tasks already decided.")
def command(root: Path, *, show_all: bool) -> None:
    """Decide on one task at a time: y n l(ater) t(arget) e(xplain) q(uit).

    \b
    migrate review                what is undecided, or changed since
    migrate review --all          every task once more

    Each answer is written to migrate.toml at once, so quitting keeps it. Without
    --all only tasks on "later", and those whose source changed, are asked about.
    """  # noqa: D301 - \b is click's mark for lines to keep
    from migrator.model import Accept
    from migrator.pipeline import make_plan, read_plan_file, survey

    manifest = read_plan_file(root)
    if manifest is None:
        raise UsageError(
            "there is no plan yet",
            where=str(root / "migrate.toml"),
            hint="Run `migrate plan` first.",
        )
    with progress_bar("Scanning", is_on=True) as progress:
        found = survey(root, progress)
    plan = make_plan(found, manifest)
    asked = [
        task
        for task in plan.tasks
        if show_all or task.accept is Accept.LATER or task.is_stale
    ]
    _ask_all(root, asked)


def _ask_all(root: Path, tasks: Sequence[PlannedTask]) -> None:
    from migrator.report.review_report import print_task

    decided = 0
    for number, task in enumerate(tasks, 1):
        print_task(task, number, len(tasks))
        if task.refusal:
            continue
        if not _ask(root, task):
            break
        decided += 1
    click.echo(f"{decided} of {len(tasks)} decided; migrate.toml holds them.")


def _ask(root: Path, task: PlannedTask) -> bool:
    """Ask until there is a decision; False: the person quits."""
    from migrator.model import Accept
    from migrator.report.review_report import print_reasons

    answers = {"y": Accept.YES, "n": Accept.NO, "l": Accept.LATER}
    while True:
        try:
            key = click.prompt("Move it [y,n,l,t,e,q,?]", prompt_suffix="? ").strip()
        except click.Abort:  # end of input, or Ctrl-C: as q
            click.echo()
            return False
        if key == "q":
            return False
        if key in answers:
            _write(root, task, answers[key], _target(task) if key == "y" else None)
            return True
        if key == "t":
            _write(root, task, Accept.YES, _chosen_target())
            return True
        if key == "e":
            print_reasons(task)
        else:
            for known, meaning in HELP.items():
                click.echo(f"  {known}  {meaning}")


def _target(task: PlannedTask) -> Target:
    """Where a task goes that is to move; one that was to stay is asked about."""
    from migrator.model import Target

    return _chosen_target() if task.target is Target.CELERY else task.target


def _chosen_target() -> Target:
    from migrator.model import Target

    names = [str(target) for target in Target if target is not Target.CELERY]
    return Target(click.prompt("Target", type=click.Choice(names)))


def _write(
    root: Path, task: PlannedTask, accept: Accept, target: Target | None
) -> None:
    """Read, change and write the file for each answer: quitting loses nothing."""
    from migrator.apply import write_file
    from migrator.pipeline import read_plan_file
    from migrator.plan import FILE_NAME, decided

    manifest = read_plan_file(root)
    if manifest is None:
        raise UsageError("the plan is gone", where=FILE_NAME)
    text = decided(manifest, task.definition.name, accept=accept, target=target)
    write_file(root / FILE_NAME, text.encode())
