"""What `migrate review` shows of a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from migrator.report.console import STYLES, console, styled
from migrator.shown import printable

if TYPE_CHECKING:
    from migrator.model import PlannedTask

REASONS = 3


def print_task(task: PlannedTask, number: int, total: int) -> None:
    """Name, place, verdict and its strongest reasons."""
    out = console()
    definition, verdict = task.definition, task.verdict
    out.print()
    out.print(styled(f"({number}/{total}) {definition.name}", "bold"))
    out.print(styled(f"  {definition.location}", "dim"))
    level = Text(str(verdict.level), style=STYLES[verdict.level])
    out.print(Text.assemble("  ", level, f", now {task.accept}, target {task.target}"))
    for finding in verdict.findings[:REASONS]:
        out.print(styled(f"  {finding.message}  ({finding.location})"), soft_wrap=True)
    if task.is_stale:
        out.print(styled("  its source changed since it was judged", "yellow"))
    if task.refusal:
        out.print(styled(f"  it cannot move: {task.refusal}", "yellow"))


def print_reasons(task: PlannedTask) -> None:
    """Every finding with its rule and weight, and the choice of target."""
    out = console()
    verdict = task.verdict
    for finding in verdict.findings:
        weight = "veto" if finding.is_veto else f"{finding.weight:+d}"
        line = f"  {weight:>5}  {finding.rule}: {finding.message}"
        out.print(styled(f"{line}  ({finding.location})"), soft_wrap=True)
    if verdict.target_reason:
        reason = printable(verdict.target_reason)
        out.print(f"  target {verdict.target}: {reason}")
    if verdict.runner_up is not None:
        reason = printable(verdict.runner_up_reason)
        out.print(f"  not {verdict.runner_up}: {reason}")
