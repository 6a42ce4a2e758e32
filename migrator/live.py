"""Which application a command means that asks a running system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.errors import UsageError
from migrator.pipeline import survey

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LiveApplication:
    """What a command needs that asks a running system."""

    app: str  # package.module:variable
    shim: str  # import name
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
    return LiveApplication(name, found.configuration.shim, moved)
