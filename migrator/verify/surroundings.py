"""Apps, settings, signals, processes and routes are as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.verify.result import Check, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Inventory
    from migrator.verify.comparison import Comparison

# The container of the entries that move; each of them has a check of its own.
MOVED_SETTING = "beat_schedule"


def check(compared: Comparison) -> Check:
    """Whatever configures Celery around the tasks, compared by its text."""
    generated = compared.plan.package_path + "/"
    before = set(_lines(compared.before, generated))
    after = set(_lines(compared.after, generated))
    problems = [Problem(f"gone: {line}") for line in sorted(before - after)]
    problems += [Problem(f"new: {line}") for line in sorted(after - before)]
    return Check("surroundings", f"{len(before)} facts", tuple(problems))


def _lines(inventory: Inventory, generated: str) -> Iterable[str]:
    yield from (f"app {app.variable}" for app in inventory.apps)
    yield from (f"web application {app.variable}" for app in inventory.web_apps)
    for setting in inventory.settings:
        is_own = setting.location.path.startswith(generated)
        if setting.name != MOVED_SETTING and not is_own:
            yield f"setting {setting.name} = {setting.source}"
    for signal in inventory.signals:
        yield f"handler {signal.handler} of signal {signal.signal}"
    for process in inventory.processes:
        yield f"{process.kind} process {process.command}"
