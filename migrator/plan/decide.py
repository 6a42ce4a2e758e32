"""Writes one decision into migrate.toml, and touches nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit
from tomlkit.items import Table

from migrator.errors import PlanError
from migrator.plan.manifest import FILE_NAME, text_of

if TYPE_CHECKING:
    from migrator.model import Accept, Target
    from migrator.plan.manifest import Manifest


def decided(
    manifest: Manifest, task: str, *, accept: Accept, target: Target | None = None
) -> str:
    """The text of the file with this decision; a `stale` mark is settled by it.

    PlanError where the file has no stanza for the task.
    """
    tasks = manifest.document.get("tasks")
    stanza = tasks.get(task) if isinstance(tasks, Table) else None
    if not isinstance(stanza, Table):
        raise PlanError(
            f"there is no stanza for task {task}",
            where=FILE_NAME,
            hint="Run `migrate plan` to add it.",
        )
    _put(stanza, "accept", str(accept))
    if target is not None:
        _put(stanza, "target", str(target))
    if "stale" in stanza:
        stanza.remove("stale")
    return text_of(manifest.document)


def _put(stanza: Table, key: str, value: str) -> None:
    """Set a value and keep the comment behind it."""
    if stanza.get(key) == value:
        return
    item = tomlkit.item(value)
    if key in stanza:
        item.trivia.comment = stanza[key].trivia.comment
        item.trivia.comment_ws = stanza[key].trivia.comment_ws
    stanza[key] = item
