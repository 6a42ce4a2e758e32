"""What `migrate diff` and `migrate apply` print beside the patch."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rich.text import Text

from migrator.model import Target
from migrator.report.console import console, print_hanging, styled
from migrator.shown import printable, spelled_out
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.apply import Trial
    from migrator.model import ChangeSet, FileChange, Plan

LINE_STYLES = (
    ("diff --git", "bold"),
    ("+++", "bold"),
    ("---", "bold"),
    ("@@", "cyan"),
    ("+", "green"),
    ("-", "red"),
)


def print_patch(patch: bytes) -> None:
    """The patch in colours; its text is what a pipe would get, made printable."""
    out = console()
    for line in patch.decode("utf-8", "replace").split("\n")[:-1]:
        style = next((s for head, s in LINE_STYLES if line.startswith(head)), "")
        shown = spelled_out(line.removesuffix("\r"))
        out.print(Text(shown, style=style), soft_wrap=True)


def print_stat(changes: ChangeSet) -> None:
    """Files with their added and removed lines, as `git diff --stat` counts them."""
    out = console()
    total_added = total_removed = 0
    for change in changes.changes:
        added, removed = _count(change)
        total_added += added
        total_removed += removed
        new = "  new" if change.before is None else ""
        out.print(
            Text.assemble(
                (f"{added:>5}+", "green"),
                (f"{removed:>5}-", "red"),
                f"  {printable(change.path)}{new}",
            )
        )
    files = counted(len(changes.changes), "file")
    lines = counted(total_added, "line")
    out.print(f"{files} changed, {lines} added, {total_removed:,} removed")


def _count(change: FileChange) -> tuple[int, int]:
    before = (change.before or b"").splitlines()
    after = (change.after or b"").splitlines()
    lines = list(difflib.diff_bytes(difflib.unified_diff, before, after, n=0))[2:]
    added = sum(line.startswith(b"+") for line in lines)
    return added, sum(line.startswith(b"-") for line in lines)


def print_trial(trial: Trial) -> None:
    """What the tests said, before anything is written."""
    before, after = trial.before, trial.after
    if before.passed is None or after.passed is None:
        text = (
            f"exit code {before.exit_code} without the changes, {after.exit_code} with"
        )
    else:
        more = len(after.passed - before.passed)
        text = f"the {len(before.passed)} tests that passed pass with the changes"
        text += f", and {more} more" if more else ""
    console(stderr=True).print(styled(f"tests: {text}"), soft_wrap=True)


def print_remarks(plan: Plan, changes: ChangeSet, *, applied: bool) -> None:
    """Refusals, manual steps and the next step, on standard error."""
    out = console(stderr=True)
    for refusal in changes.refusals:
        text = f"stays on Celery: {refusal.name}: {refusal.reason} ({refusal.location})"
        print_hanging(out, styled(text, "yellow"))
    for number, step in enumerate(changes.manual_steps, 1):
        place = f"{step.location}: " if step.location else ""
        print_hanging(out, styled(f"by hand {number}: {place}{step.text}"))
        print_hanging(out, styled(f"           because {step.reason}", "dim"))
    if not changes.changes:
        out.print("Nothing to change: the tree is as the plan wants it.")
    elif applied:
        moved = sum(task.moves for task in plan.tasks)
        out.print(
            f"{counted(moved, 'task')} moved. `migrate undo` puts every file back.\n"
            f"Next: run your tests, commit{_and_start(plan, changes)}"
        )
    else:
        out.print("Next: migrate apply")


def _and_start(plan: Plan, changes: ChangeSet) -> str:
    """The process that the apply has made; other processes are steps by hand."""
    if any(s.target is Target.APSCHEDULER for s in plan.schedules):
        return f", and start the scheduler process: python -m {plan.package}.scheduler"
    return ", and do what is left by hand" if changes.manual_steps else ""
