"""Every schedule is on beat still, or has moved, or is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Target
from migrator.verify.result import Check, Problem
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """Entries that nobody runs any more, or that two would run."""
    on_beat = {entry.name for entry in compared.after.schedules}
    moved = {
        schedule.entry.name
        for schedule in compared.plan.schedules
        if schedule.is_moved and schedule.target is not Target.CELERY
    }
    problems = []
    for entry in compared.before.schedules:
        if entry.name not in on_beat | moved:
            text = f"schedule {entry.name!r} is neither on beat nor moved"
            problems.append(Problem(text, entry.location))
        elif entry.name in on_beat & moved:
            text = f"schedule {entry.name!r} is on beat and moved: it would run twice"
            problems.append(Problem(text, entry.location))
    schedules = counted(len(compared.before.schedules), "schedule")
    facts = f"{schedules}, {len(moved)} of them moved"
    return Check("schedules kept", facts, tuple(problems))
