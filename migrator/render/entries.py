"""The entries of the generated schedule, from the planned ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import PlanError
from migrator.render.jobs import acks_late
from migrator.render.literals import expression, one_line, python
from migrator.schedules.conversion import read_instant
from migrator.schedules.interval import datetime_source

if TYPE_CHECKING:
    from migrator.model import Option, PlannedSchedule, PlannedTask
    from migrator.render.conditions import Conditions
    from migrator.render.jobs import Job

PRIORITIES = ("high", "default", "low")
DEFAULT_TIMEOUT = 30
# Options of a stanza that go to its entries as they are, with their defaults.
NUMBERS = ("grace", "max_instances", "breaker_failures", "breaker_pause")


@dataclass(frozen=True, slots=True)
class RenderedEntry:
    """What the template needs: source text, ready to be inserted."""

    id: str
    task: str
    job: str
    trigger: str
    comment: str
    options: tuple[tuple[str, str], ...]


def rendered_entry(
    schedule: PlannedSchedule,
    task: PlannedTask,
    job: Job,
    package: str,
    conditions: Conditions,
) -> RenderedEntry:
    entry = schedule.entry
    options = _options(schedule, task, job)
    if entry.guard and entry.enabled:
        condition = conditions.expression(entry.guard, entry.guard_imports or ())
        text = expression(condition, 8, len("is_enabled="))
        options.append(("is_enabled", text))
    return RenderedEntry(
        id=entry.name,
        task=entry.task,
        job=f"{package}.jobs.{job.module}:run",
        trigger=schedule.trigger,
        comment=one_line(entry.source, 70),
        options=tuple(options),
    )


def _options(
    schedule: PlannedSchedule, task: PlannedTask, job: Job
) -> list[tuple[str, str]]:
    entry = schedule.entry
    found = [
        *_arguments("args", entry.args, tuple),
        *_arguments("kwargs", entry.kwargs, dict),
    ]
    if priority := _priority(task, job):
        found.append(("priority", python(priority)))
    variable = f"{job.module.upper()}_TIMEOUT"
    default = _number(task, "timeout", DEFAULT_TIMEOUT)
    timeout = f"config.number({python(variable)}, {python(default)})"
    found.append(("timeout", expression(timeout, 8, len("timeout="))))
    found += [
        (option.name, python(option.value))
        for option in entry.options
        if option.name == "expires"
    ]
    found += [
        (name, python(_number(task, name, 0)))
        for name in NUMBERS
        if name in task.options
    ]
    if task.options.get("no_overlap"):
        found.append(("no_overlap", "True"))
    if task.options.get("may_run_again") or acks_late(task.definition):
        found.append(("may_run_again", "True"))
    if not entry.enabled:
        found.append(("is_enabled", "False"))
    if last := read_instant((entry.spec or {}).get("last_run_at")):
        found.append(("last_run", datetime_source(last)))
    return found


def _arguments(
    name: str, option: Option | None, kind: type[Any]
) -> list[tuple[str, str]]:
    if option is None or not option.value:
        return []
    literal = repr(kind(option.value))
    return [(name, expression(literal, 8, len(name) + 1))]


def _priority(task: PlannedTask, job: Job) -> str:
    if job.is_async:
        return "async"
    value = task.options.get("priority", "default")
    if value not in PRIORITIES:
        raise _unusable(task, "priority", f"one of {', '.join(PRIORITIES)}")
    return "" if value == "default" else str(value)


def _number(task: PlannedTask, name: str, default: float) -> float:
    value = task.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _unusable(task, name, "a number that is not negative")
    return value


def _unusable(task: PlannedTask, option: str, wanted: str) -> PlanError:
    return PlanError(
        f"option {option} of task {task.definition.name} must be {wanted}",
        where="migrate.toml",
        hint="Correct the stanza of the task and run the command again.",
    )
