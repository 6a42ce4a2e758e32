"""What `migrate plan` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from migrator.model import Accept, Target
from migrator.report.console import console, print_hanging, print_rows, styled
from migrator.shown import printable
from migrator.wording import counted

if TYPE_CHECKING:
    from rich.console import Console

    from migrator.model import Plan, PlannedSchedule


def print_plan(plan: Plan, file_name: str, *, has_changed: bool) -> None:
    """What moves where, which schedules are proven, and the next step."""
    out = console()
    accepts = Counter(task.accept for task in plan.tasks)
    done = "written" if has_changed else "unchanged"
    out.print(
        f"{file_name} {done}: {counted(accepts[Accept.YES], 'task')} to move, "
        f"{accepts[Accept.LATER]} later, {accepts[Accept.NO]} stay on Celery"
    )
    _print_moves(out, plan)
    _print_schedules(out, plan)
    for task in plan.tasks:
        if task.is_stale:
            text = f"stale: {task.definition.name} changed since it was judged"
            print_hanging(out, styled(f"{text} ({task.definition.location})", "yellow"))
    out.print("\nNext:\n  edit accept and target in the file, then: migrate diff")


def _print_moves(out: Console, plan: Plan) -> None:
    moving = [task for task in plan.tasks if task.moves]
    if not moving:
        return
    rows = [
        (
            [Text(str(task.target))],
            [
                Text.assemble(
                    (printable(task.definition.name), "bold"),
                    (f"  {printable(task.verdict.target_reason)}", "dim"),
                )
            ],
        )
        for task in sorted(moving, key=lambda t: t.definition.name)
    ]
    out.print()
    print_rows(out, ("moves to", "task, and why there"), rows)


def _print_schedules(out: Console, plan: Plan) -> None:
    if not plan.schedules:
        return
    rows = [([_fate(s)], _schedule_lines(s)) for s in plan.schedules]
    out.print()
    print_rows(out, ("schedule", "on beat, and what it becomes"), rows)


def _fate(schedule: PlannedSchedule) -> Text:
    stays = schedule.target is Target.CELERY
    return Text("stays", style="dim") if stays else Text("proven", style="green")


def _schedule_lines(schedule: PlannedSchedule) -> list[Text]:
    entry = schedule.entry
    source = (f"  {printable(entry.source)}", "dim")
    head = Text.assemble((printable(entry.name), "bold"), source)
    if schedule.target is Target.CELERY:
        refusal = schedule.refusal or "its task stays on Celery"
        return [head, styled(f"  on beat: {refusal}", "dim")]
    trigger = schedule.trigger or " + ".join(schedule.cron)
    proof = f"  identical over {counted(schedule.compared, 'fire time')}"
    return [head, styled(f"  {trigger}"), Text(proof, style="green")]
