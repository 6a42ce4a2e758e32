"""Which application a command means that asks a running system."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.errors import UsageError
from migrator.operate.shim_process import ShimProcess
from migrator.pipeline import survey

if TYPE_CHECKING:
    from pathlib import Path

# Where the shim keeps calls when it is told nothing, in the folder of each process.
OUTBOX_FILE = ".light_tasks/outbox.sqlite3"
OUTBOX_VARIABLES = ("SHIM_OUTBOX", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class LiveApplication:
    """What a command needs that asks a running system."""

    process: ShimProcess
    moved: frozenset[str]  # tasks that are light in the source


def live_application(root: Path, app: str | None) -> LiveApplication:
    """The project's Celery application; UsageError where the source has none or many.

    `app` is a person's word on it.
    """
    found = survey(root)
    is_test = found.project.is_test
    apps = [a for a in found.inventory.apps if not is_test(a.location.path)]
    commanded = celery_application(replace(found.inventory, apps=tuple(apps)))
    if app is None and (len(apps) > 1 or not commanded):
        names = ", ".join(":".join(a.variable.rsplit(".", 1)) for a in apps)
        raise UsageError(
            f"which Celery application? The scan found {names or 'none'}",
            where=str(root),
            hint="Say --app package.module:name.",
        )
    moved = frozenset(
        task.name
        for task in found.inventory.tasks
        if task.is_light and not task.in_tests
    )
    name = app or ":".join(commanded.rsplit(".", 1))
    source_root = root / found.project.source_root_of(name.partition(":")[0])
    folder = _folder(root, source_root)
    shim = found.configuration.shim
    return LiveApplication(ShimProcess(folder, source_root, shim, name), moved)


def _folder(root: Path, source_root: Path) -> Path:
    """The source root; the project's own folder where only that has an outbox.

    UsageError where both have one: calls may wait in either.
    """
    if source_root == root or any(map(os.environ.get, OUTBOX_VARIABLES)):
        return source_root
    found = [one for one in (source_root, root) if (one / OUTBOX_FILE).exists()]
    if len(found) > 1:
        files = " and ".join(str(one / OUTBOX_FILE) for one in found)
        raise UsageError(
            f"calls may wait in two outboxes: {files}",
            where=str(root),
            hint="Processes were started in both folders. Say which outbox you mean "
            "with SHIM_OUTBOX=sqlite:///FILE, and ask for one after the other.",
        )
    return found[0] if found else source_root
