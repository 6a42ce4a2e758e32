"""The files of the `cronjob` target: a worker per task, manifests and a chart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.model import Refusal, Target
from migrator.render.background_names import Import, import_lines
from migrator.render.conditions import Conditions
from migrator.render.cronjob_manifest import (
    CronJob,
    cronjob_name,
    deadlines,
    dumped,
    manifest,
    values,
)
from migrator.render.cronjob_worker import (
    NoWorkerError,
    arguments_of,
    parser_lines,
    usage_of,
)
from migrator.render.entries import DEFAULT_TIMEOUT, rendered_entry
from migrator.render.environment import plain, rendered
from migrator.render.jobs import Job, expects_queue, is_importable, module_names
from migrator.render.literals import expression, in_docstring, python
from migrator.render.monitoring import for_cronjobs
from migrator.schedules.cron_rules import CronRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import Inventory, Plan, PlannedSchedule, PlannedTask
    from migrator.render.entries import RenderedEntry

SHARED = (
    "breaker.py",
    "clock.py",
    "entry.py",
    "locks.py",
    "locks_redis.py",
    "locks_sql.py",
    "logs.py",
    "metrics.py",
    "pings.py",
    "runs.py",
    "state.py",
    "tables.py",
)
OWN = ("testing_workers.py", "wait.py", "worker.py")
CHART_TEMPLATE = "chart/templates/cronjobs.yaml"
# What Kubernetes itself decides, or the manifest holds.
NOT_IN_WORKER = frozenset(
    {"args", "kwargs", "priority", "max_instances", "is_enabled", "last_run", "grace"}
)
MOST_RETRIES = 6
CELERY_RETRIES = 3
GUARD_IMPORTS = ("WallClock", "Grid")

YOURS = "Yours to change; migrate leaves a file alone that you have changed."


def cronjob_refusals(plan: Plan) -> tuple[Refusal, ...]:
    """Tasks and schedules that no worker can be made for; they stay as they are."""
    found = []
    tasks = {t.definition.name: t for t in plan.tasks if _is_cronjob(t)}
    for task in tasks.values():
        definition = task.definition
        try:
            parser_lines(definition)
        except NoWorkerError as error:
            reason = f"no worker: {error}"
            found.append(Refusal(definition.name, definition.location, reason))
        if not any(s.entry.task == definition.name for s in plan.schedules):
            reason = 'no schedule starts it: target = "runner" moves it without one'
            found.append(Refusal(definition.name, definition.location, reason))
    for schedule in plan.schedules:
        entry, owner = schedule.entry, tasks.get(schedule.entry.task)
        if schedule.target is not Target.CRONJOB or owner is None:
            continue
        try:
            arguments_of(entry, owner.definition)
        except NoWorkerError as error:
            found.append(Refusal(entry.name, entry.location, str(error)))
    return tuple(found)


def _is_cronjob(task: PlannedTask) -> bool:
    return task.moves and task.target is Target.CRONJOB


def cronjob_package(
    plan: Plan, inventory: Inventory, *, finished: bool
) -> dict[str, bytes]:
    """Files by their path inside the package; empty where no schedule is a CronJob."""
    tasks = {t.definition.name: t for t in plan.tasks if _is_cronjob(t)}
    schedules = [
        schedule
        for schedule in plan.schedules
        if schedule.target is Target.CRONJOB and schedule.entry.task in tasks
    ]
    if not schedules:
        return {}
    files = {name: plain(f"apscheduler/{name}") for name in SHARED}
    files |= {name: plain(f"kubernetes/{name}") for name in OWN}
    files["__init__.py"] = plain("fastapi/__init__.py.j2")
    files["config.py"] = rendered("apscheduler/config.py.j2", namespace=plan.package)
    app = "" if finished else celery_application(inventory)
    files["workers/__init__.py"] = rendered(
        "kubernetes/workers/__init__.py.j2",
        django="django" in inventory.frameworks,
        app_module=app.rpartition(".")[0],
    )
    modules = module_names([task.definition for task in tasks.values()])
    jobs: list[CronJob] = []
    taken: set[str] = set()
    for name, task in tasks.items():
        mine = [schedule for schedule in schedules if schedule.entry.task == name]
        module = modules[name]
        if mine:
            files[f"workers/{module}.py"] = _worker(plan, task, mine, module, app=app)
            jobs += _jobs(plan, task, mine, module, taken)
    return files | _manifests(tuple(jobs), plan) | for_cronjobs(jobs)


# ------------------------------------------------------------------- the worker


def _worker(
    plan: Plan,
    task: PlannedTask,
    schedules: Sequence[PlannedSchedule],
    module: str,
    *,
    app: str,
) -> bytes:
    definition = task.definition
    by_delay = bool(app) and expects_queue(definition)
    is_async = definition.is_async and not by_delay
    job = Job(definition.name, module, b"", is_async)
    entries = [_entry(plan, schedule, task, job) for schedule in schedules]
    parameters = parser_lines(definition)
    imports = _imports(plan.package, entries, parameters)
    by_registry = bool(app) and not is_importable(definition)
    callee = definition.function
    if by_registry:
        imports.append(Import("celery", "current_app", "current_app"))
        callee = f"current_app.tasks[{python(definition.name)}]"
    else:
        if callee in {"run", "parser", "main", "config", "argparse", "json", "sys"}:
            callee = f"task_{callee}"
        imports.append(Import(definition.module, definition.function, callee))
    if by_registry and app:
        imports.append(Import(app.rpartition(".")[0], app.rpartition(".")[2], "app"))
    suffix = ".delay" if by_delay else ""
    own = (definition.module.partition(".")[0], plan.package.partition(".")[0])
    return rendered(
        "kubernetes/worker.py.j2",
        package=plan.package,
        module=module,
        title=in_docstring(definition.name),
        usage=usage_of(definition),
        by_delay=by_delay,
        imports=import_lines(imports, own),
        entries=entries,
        is_async=is_async,
        call=f"{'await ' if is_async else ''}{callee}{suffix}(**arguments)",
        parameters=[expression(line, 4, 0) for line in parameters],
    )


def _entry(
    plan: Plan, schedule: PlannedSchedule, task: PlannedTask, job: Job
) -> dict[str, object]:
    made: RenderedEntry = rendered_entry(
        schedule, task, job, plan.package, Conditions()
    )
    return {
        "id": made.id,
        "task": made.task,
        "job": f"{plan.package}.workers.{job.module}:run",
        "comment": made.comment,
        "guard": schedule.guard,
        "options": [(n, value) for n, value in made.options if n not in NOT_IN_WORKER],
    }


def _imports(
    package: str, entries: Sequence[dict[str, object]], parameters: Sequence[str]
) -> list[Import]:
    guards = " ".join(str(entry["guard"]) for entry in entries)
    names = [("typing", "Any"), (package, "config"), (f"{package}.entry", "Entry")]
    names += [(f"{package}.worker", "main")]
    names += [(f"{package}.clock", g) for g in GUARD_IMPORTS if f"{g}(" in guards]
    if "datetime(" in guards:
        names += [("datetime", "UTC"), ("datetime", "datetime")]
    modules = ["argparse", "sys"]
    if any("json.loads" in line for line in parameters):
        modules.append("json")
    return [
        *(Import(module, "", module) for module in modules),
        *(Import(module, name, name) for module, name in names),
    ]


# ---------------------------------------------------------------- the manifests


def _jobs(
    plan: Plan,
    task: PlannedTask,
    schedules: Sequence[PlannedSchedule],
    module: str,
    taken: set[str],
) -> Iterator[CronJob]:
    for schedule in schedules:
        entry = schedule.entry
        words = arguments_of(entry, task.definition)
        for number, cron in enumerate(schedule.cron, 1):
            suffix = f"-{number}" if len(schedule.cron) > 1 else ""
            starting, active = deadlines(
                _period(cron, schedule.zone), _timeout(task), _expires(schedule)
            )
            yield CronJob(
                name=cronjob_name(entry.name, taken, suffix),
                entry=entry.name,
                schedule=cron,
                zone=schedule.zone,
                module=f"{plan.package}.workers.{module}",
                wait_module=f"{plan.package}.wait",
                arguments=(f"--entry={entry.name}", *words),
                starting_deadline=starting,
                active_deadline=active,
                retries=_retries(task),
                is_enabled=entry.enabled,
            )


def _period(cron: str, zone: str) -> float:
    """Seconds between the two starts that are closest; a year where there is one."""
    gap = CronRule(cron, zone).shortest_gap() or timedelta(days=366)
    return gap.total_seconds()


def _timeout(task: PlannedTask) -> float:
    value = task.options.get("timeout", DEFAULT_TIMEOUT)
    return float(value) if isinstance(value, int | float) else float(DEFAULT_TIMEOUT)


def _expires(schedule: PlannedSchedule) -> float | None:
    for option in schedule.entry.options:
        if option.name == "expires" and isinstance(option.value, int | float):
            return float(option.value)
    return None


def _retries(task: PlannedTask) -> int:
    """What the task itself asks for; Celery's default where it retries by itself."""
    options = {option.name: option.value for option in task.definition.options}
    value = options.get("max_retries")
    if isinstance(value, int) and not isinstance(value, bool):
        return max(0, min(value, MOST_RETRIES))
    return CELERY_RETRIES if "autoretry_for" in options else 0


def _manifests(jobs: tuple[CronJob, ...], plan: Plan) -> dict[str, bytes]:
    app = plan.package.rpartition(".")[2].replace("_", "-")
    files = {
        f"k8s/base/{job.name}-cronjob.yaml": dumped(
            manifest(job, app),
            f"Runs {python(job.entry)} as beat did. Suspended until the cut-over.\n"
            f"{YOURS}",
        )
        for job in jobs
    }
    base = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(path.removeprefix("k8s/base/") for path in files),
        "images": [{"name": "app", "newName": "app", "newTag": "unset"}],
    }
    files["k8s/base/kustomization.yaml"] = dumped(
        base,
        "All jobs, suspended. Set the image here; its tag must never be latest.\n"
        f"The Secret {app}-env holds REDIS_URL and DATABASE_URL. {YOURS}",
    )
    files["k8s/live/kustomization.yaml"] = dumped(_live(jobs), LIVE)
    files["k8s/chart/Chart.yaml"] = dumped(_chart(app), f"The same jobs. {YOURS}")
    files["k8s/chart/values.yaml"] = dumped(
        values(jobs, app),
        "Set image.repository and image.tag. suspend holds until the cut-over.\n"
        f"{YOURS}",
    )
    files[f"k8s/{CHART_TEMPLATE}"] = plain(f"kubernetes/{CHART_TEMPLATE}")
    return files


LIVE = (
    "The cut-over: `kubectl apply -k` this once beat runs without these entries.\n"
    "Entries that were disabled on beat stay suspended."
)


def _live(jobs: Sequence[CronJob]) -> dict[str, object]:
    patch = "- op: replace\n  path: /spec/suspend\n  value: false\n"
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../base"],
        "patches": [
            {"target": {"kind": "CronJob", "name": job.name}, "patch": patch}
            for job in jobs
            if job.is_enabled
        ],
    }


def _chart(app: str) -> dict[str, object]:
    return {
        "apiVersion": "v2",
        "name": app,
        "description": "Light tasks that beat started before, as CronJobs",
        "type": "application",
        "version": "0.1.0",
    }
