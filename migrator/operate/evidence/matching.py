"""Which measured names are tasks of the project, and which are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Evidence, Inventory


@dataclass(frozen=True, slots=True)
class Match:
    matched: tuple[str, ...]
    unknown: tuple[str, ...]  # measured, and no task of the project
    unmeasured: tuple[str, ...]  # tasks of the project without a measurement


def match_tasks(inventory: Inventory, evidence: Iterable[Evidence]) -> Match:
    measured = {e.task for e in evidence}
    known = {task.name for task in inventory.tasks if not task.in_tests}
    return Match(
        tuple(sorted(measured & known)),
        tuple(sorted(measured - known)),
        tuple(sorted(known - measured)),
    )
