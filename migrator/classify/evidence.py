"""Applies measured run times to a task. Reading them is operate's business.

Rules: at least 30 runs, and one full period of its schedule. Evidence may lower
light to heavy and may lift review to light; it never lifts a veto.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.classify.periods import shortest_period
from migrator.model import Finding

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext
    from migrator.model import Evidence

MIN_RUNS = 30
RULE = "evidence"


@dataclass(frozen=True, slots=True)
class Usable:
    evidence: Evidence | None  # None: too thin
    findings: tuple[Finding, ...]


def sufficient(context: TaskContext, evidence: Evidence) -> Usable:
    """The evidence, or the reason why it changes nothing."""
    why = _too_thin(context, evidence)
    if why:
        text = f"measured, but not enough: {why}"
        return Usable(None, (Finding(RULE, text, context.place),))
    return Usable(evidence, ())


def _too_thin(context: TaskContext, evidence: Evidence) -> str:
    if evidence.runs < MIN_RUNS:
        return f"{evidence.runs} runs of at least {MIN_RUNS}"
    for entry in context.schedules:
        period = shortest_period(entry)
        if period is not None and evidence.window < period:
            return (
                f"{evidence.window:.0f} s of a period of {period:.0f} s ({entry.name})"
            )
    return ""
