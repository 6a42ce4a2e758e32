"""What `migrate plan` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from migrator.model import Accept, Target
from migrator.report.console import console, printable, styled

if TYPE_CHECKING:
    from rich.console import Console

    from migrator.model import Plan


def print_plan(plan: Plan, file_name: str, *, has_changed: bool) -> None:
    """What moves where, which schedules are proven, and the next step."""
    out = console()
    accepts = Counter(task.accept for task in plan.tasks)
    done = "written" if has_changed else "unchanged"
    out.print(
        f"{file_name} {done}: {accepts[Accept.YES]} tasks to move, "
        f"{accepts[Accept.LATER]} later, {accepts[Accept.NO]} stay on Celery"
    )
    _print_moves(out, plan)
    _print_schedules(out, plan)
    for task in plan.tasks:
        if task.is_stale:
            text = f"stale: {task.definition.name} changed since it was judged"
            out.print(styled(f"{text} ({task.definition.location})", "yellow"))
    out.print("\nNext:\n  edit accept and target in the file, then: migrate diff")


def _print_moves(out: Console, plan: Plan) -> None:
    moving = [task for task in plan.tasks if task.moves]
    if not moving:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("moves", overflow="fold")
    table.add_column("to", no_wrap=True)
    table.add_column("why there", overflow="fold", ratio=1)
    for task in sorted(moving, key=lambda t: t.definition.name):
        why = task.verdict.target_reason
        table.add_row(printable(task.definition.name), str(task.target), styled(why))
    out.print(table)


def _print_schedules(out: Console, plan: Plan) -> None:
    if not plan.schedules:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("schedule", overflow="fold")
    table.add_column("on beat", overflow="fold")
    table.add_column("becomes", overflow="fold", ratio=1)
    for schedule in plan.schedules:
        entry = schedule.entry
        if schedule.target is Target.CELERY:
            refusal = schedule.refusal or "its task stays on Celery"
            becomes = styled(f"stays on beat: {refusal}", "dim")
        else:
            trigger = schedule.trigger or " + ".join(schedule.cron)
            proof = f"identical over {schedule.compared:,} fire times"
            becomes = Text.assemble(printable(trigger), "\n", (proof, "green"))
        table.add_row(printable(entry.name), printable(entry.source), becomes)
    out.print(table)
