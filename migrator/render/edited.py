"""What cannot be generated because the team has made a generated file its own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import Refusal, Target
from migrator.render.ledger import edited

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Plan


def unlisted_entries(
    plan: Plan, existing: Callable[[str], bytes | None]
) -> tuple[Refusal, ...]:
    """Schedules that would leave beat without getting into an edited entries.py.

    They stay on beat until the team has written their entries, or has moved the file
    away: a schedule must not get lost between the two.
    """
    path = f"{plan.package_path}/entries.py"
    content = existing(path)
    if content is None or path not in edited(plan.package_path, existing):
        return ()
    listed = _listed(content)
    return tuple(
        Refusal(
            schedule.entry.name,
            schedule.entry.location,
            f"your team has changed {path}, so its entry cannot be added there; write "
            "it by hand, or move the file away and merge it afterwards",
        )
        for schedule in plan.schedules
        if schedule.target is Target.APSCHEDULER
        and not schedule.is_moved
        and schedule.entry.name not in listed
    )


def _listed(content: bytes) -> set[str]:
    """The ids of the entries in the file; none where it is no Python any more."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return set()
    return {
        word.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == "id"
        and isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, str)
    }
