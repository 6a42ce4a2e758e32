"""The package of the APScheduler target: which files, and what is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.model import Target
from migrator.render.conditions import Conditions
from migrator.render.entries import RenderedEntry, rendered_entry
from migrator.render.environment import plain, rendered
from migrator.render.jobs import jobs_of
from migrator.render.literals import expression
from migrator.render.monitoring import for_processes
from migrator.render.proofs import proof_test

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import Inventory, Plan, PlannedSchedule, PlannedTask

FOLDER = "apscheduler"
PLAIN = (
    "breaker.py",
    "entry.py",
    "executors.py",
    "jobs/__init__.py",
    "locks.py",
    "locks_redis.py",
    "locks_sql.py",
    "logs.py",
    "metrics.py",
    "pings.py",
    "reconcile.py",
    "replica.py",
    "report.py",
    "unfinished.py",
    "runs.py",
    "state.py",
    "store.py",
    "tables.py",
    "testing.py",
)
OWN_TRIGGER = ("clock.py", "triggers.py")
# Names that a trigger expression may hold, and the import each of them needs.
TRIGGER_IMPORTS = (
    ("CronTrigger", "from apscheduler.triggers.cron import CronTrigger"),
    ("IntervalTrigger", "from apscheduler.triggers.interval import IntervalTrigger"),
)
HEALTH = ("fastapi", "django", "flask")  # the first that the project uses


def scheduler_package(
    plan: Plan, inventory: Inventory, *, finished: bool
) -> dict[str, bytes]:
    """Files by their path inside the package; empty where no schedule moves."""
    tasks = {task.definition.name: task for task in plan.tasks if task.moves}
    schedules = [
        schedule
        for schedule in plan.schedules
        if schedule.target is Target.APSCHEDULER and schedule.entry.task in tasks
    ]
    if not schedules:
        return {}
    used = {schedule.entry.task: tasks[schedule.entry.task] for schedule in schedules}
    jobs = jobs_of(tuple(used.values()), finished=finished)
    conditions = Conditions()
    entries = [
        rendered_entry(
            schedule,
            used[schedule.entry.task],
            jobs[schedule.entry.task],
            plan.package,
            conditions,
        )
        for schedule in schedules
    ]
    files = {name: plain(f"{FOLDER}/{name}") for name in PLAIN} | for_processes()
    files |= {f"jobs/{job.module}.py": job.content for job in jobs.values()}
    files |= _with_variables(plan, inventory, used, finished=finished)
    own = {task.definition.module.partition(".")[0] for task in plan.tasks}
    files["entries.py"] = _entries(entries, schedules, conditions, own)
    if not finished:
        files["test_schedules.py"] = proof_test(plan.package, schedules)
    if any("WallClockTrigger(" in schedule.trigger for schedule in schedules):
        files |= {name: plain(f"{FOLDER}/{name}") for name in OWN_TRIGGER}
    return files


def _with_variables(
    plan: Plan, inventory: Inventory, used: dict[str, PlannedTask], *, finished: bool
) -> dict[str, bytes]:
    package = plan.package
    django = "django" in inventory.frameworks
    app = celery_application(inventory)
    companions = () if finished else (f"{plan.shim_name}:runner",)
    imports = (app.rpartition(".")[0],) if app else ()
    modules = sorted({task.definition.module for task in used.values()})
    files = {
        "__init__.py": rendered(f"{FOLDER}/__init__.py.j2", package=package),
        "config.py": rendered(f"{FOLDER}/config.py.j2", namespace=package),
        "scheduler.py": rendered(
            f"{FOLDER}/scheduler.py.j2",
            package=package,
            imports=_constant("IMPORTS: tuple[str, ...]", _unique(*imports, *modules)),
            celery_app=":".join(app.rsplit(".", 1)),
            companions=_constant("COMPANIONS: tuple[str, ...]", companions),
            is_finished=finished,
            django=django,
        ),
    }
    framework = next((name for name in HEALTH if name in inventory.frameworks), "")
    if framework:
        files["health.py"] = plain(f"{FOLDER}/health_{framework}.py")
    if framework == "fastapi":
        files["lifespan.py"] = plain(f"{FOLDER}/lifespan.py")
    return files


def _constant(name: str, value: tuple[str, ...]) -> str:
    return f"{name} = {expression(repr(value), 0, len(name) + 3)}"


def _unique(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _entries(
    entries: list[RenderedEntry],
    schedules: list[PlannedSchedule],
    conditions: Conditions,
    own: Iterable[str],
) -> bytes:
    triggers = [schedule.trigger for schedule in schedules]
    texts = [*triggers, *(value for entry in entries for _, value in entry.options)]
    imports = []
    if any("datetime(" in text for text in texts):
        imports.append("from datetime import UTC, datetime")
    for name, line in TRIGGER_IMPORTS:
        if any(trigger.startswith(f"{name}(") for trigger in triggers):
            imports.append(line)
    return rendered(
        f"{FOLDER}/entries.py.j2",
        entries=entries,
        imports=conditions.imports(imports, own),
        own_triggers=any(text.startswith("WallClockTrigger(") for text in triggers),
    )
