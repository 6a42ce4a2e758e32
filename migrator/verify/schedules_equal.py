"""Every moved schedule fires when beat would have fired it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.verify.result import Check, Problem
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """The proof of each entry, repeated against the installed Celery."""
    from migrator.schedules import prove_planned

    fires = 0
    problems = []
    moved = [s for s in compared.plan.schedules if s.is_moved]
    for schedule in moved:
        entry = schedule.entry
        proof = prove_planned(schedule)
        if proof is None:
            text = f"{entry.name!r} moved, and cannot be proven: {schedule.refusal}"
            problems.append(Problem(text, entry.location))
            continue
        fires += proof.compared
        if not proof.identical:
            text = f"{entry.name!r} fires differently: {proof.difference}"
            problems.append(Problem(text, entry.location))
    facts = f"{counted(len(moved), 'moved schedule')}, {counted(fires, 'fire time')}"
    return Check("schedules equal", facts, tuple(problems))
