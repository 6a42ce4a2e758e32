"""A person's word: `# migrate: light reason` and `[tool.migrate.tasks]`.

It goes before the score and before vetoes; the reasons stay in the verdict.
Configuration goes before the comment, and says so where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.config import Override
    from migrator.model import Inventory, TaskDefinition

LEVELS = {"light": Level.LIGHT, "heavy": Level.HEAVY}


@dataclass(frozen=True, slots=True)
class Decision:
    level: Level | None  # None: ignore, the task is left where it is
    origin: str
    reason: str


def decision_for(
    task: TaskDefinition, overrides: Mapping[str, Override]
) -> Decision | None:
    override = overrides.get(task.name)
    marker = task.marker
    if override is not None:
        origin = "configuration"
        if marker is not None and marker.decision != override.decision:
            origin += f" (against the comment {marker.location}: {marker.decision})"
        return Decision(LEVELS.get(override.decision), origin, override.reason)
    if marker is not None:
        origin = f"comment {marker.location}"
        return Decision(LEVELS.get(marker.decision), origin, marker.reason)
    return None


def unmatched_overrides(
    inventory: Inventory, overrides: Mapping[str, Override]
) -> tuple[str, ...]:
    """A sentence for each override that hits nothing: configuration and comments.

    Comments come from the scan's blind spots, which hold every marker that stands
    at no task.
    """
    known = {task.name for task in inventory.tasks}
    lines = [
        f"[tool.migrate.tasks] {name}: there is no task of this name"
        for name in sorted(set(overrides) - known)
    ]
    lines += [
        f"{spot.location}: `{spot.text}` stands at no task"
        for spot in inventory.blind_spots
        if "marker" in spot.kind
    ]
    return tuple(lines)
