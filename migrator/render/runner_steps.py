"""What people have to do so that the calls of light tasks are worked off.

Where the web application or the generated scheduler does it, nothing is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.model import ManualStep, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.model import Inventory, Plan

    Read = Callable[[str], bytes | None]

ON_DEMAND = frozenset({Target.RUNNER, Target.BACKGROUND})
ENVIRONMENT_FILES = (".env", ".env.example", ".env.sample", "Procfile")
OUTBOX_NAMES = ("SHIM_OUTBOX", "DATABASE_URL")


def runner_steps(plan: Plan, inventory: Inventory, read: Read) -> Iterator[ManualStep]:
    """Start a runner, and let it and the callers share an outbox.

    A FastAPI application works off its own calls, in the process that made them.
    """
    if not _is_called(plan, inventory) or _web_runs(inventory):
        return
    if not any(s.target is Target.APSCHEDULER for s in plan.schedules):
        yield from _runner(plan, inventory, read)
    texts = [text_of(read, path) for path in _environment(inventory)]
    if not any(name in text for text in texts for name in OUTBOX_NAMES):
        yield ManualStep(
            None,
            "set SHIM_OUTBOX for every process that calls or runs light tasks: the "
            "postgresql:// URL of a database, or `broker` (Redis, RabbitMQ)",
            "without it calls wait in .light_tasks/outbox.sqlite3 of the working "
            "directory, which another container or host does not see",
        )


def _is_called(plan: Plan, inventory: Inventory) -> bool:
    light = {
        task.definition.name: task.target
        for task in plan.tasks
        if not task.is_finished and (task.moves or task.definition.is_light)
    }
    called = {call.task for call in inventory.call_sites if not call.in_tests}
    return any(target in ON_DEMAND or name in called for name, target in light.items())


def _web_runs(inventory: Inventory) -> bool:
    """As `rewrite` decides whether it adds the shim's lifespan, or it is there."""
    apps = [app for app in inventory.web_apps if app.framework == "fastapi"]
    return len(apps) == 1 or any(app.starts_runner for app in apps)


def _runner(plan: Plan, inventory: Inventory, read: Read) -> Iterator[ManualStep]:
    program = f"{plan.shim_name} run"
    app = ":".join(celery_application(inventory).rsplit(".", 1))
    command = f"python -m {program} --app {app or 'package.module:app'}"
    reason = "it works off the calls of what moved; any number of it may run"
    workers = [process for process in inventory.processes if process.kind == "worker"]
    for worker in workers:
        if program not in text_of(read, worker.location.path):
            text = f"start a runner beside the worker: {command}"
            yield ManualStep(worker.location, text, reason)
    if not workers:
        text = f"start a runner where your other processes are started: {command}"
        yield ManualStep(None, text, reason)


def _environment(inventory: Inventory) -> list[str]:
    processes = [process.location.path for process in inventory.processes]
    settings = [setting.location.path for setting in inventory.settings]
    return sorted({*ENVIRONMENT_FILES, *processes, *settings})


def text_of(read: Read, path: str) -> str:
    """The content of a file of the project; "" where there is none."""
    return (read(path) or b"").decode("utf-8", "replace")
