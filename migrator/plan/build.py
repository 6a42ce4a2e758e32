"""Verdicts and decisions -> Plan."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from migrator.errors import PlanError
from migrator.model import (
    Accept,
    ContainerKind,
    Level,
    Location,
    Option,
    Plan,
    PlannedTask,
    ScheduleEntry,
    ScheduleKind,
    Target,
)
from migrator.plan.manifest import FILE_NAME, Manifest
from migrator.plan.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from migrator.model import Inventory, TaskDefinition, Verdict
    from migrator.plan.manifest import Stanza

DEFAULT_ACCEPT = {
    Level.LIGHT: Accept.YES,
    Level.REVIEW: Accept.LATER,
    Level.HEAVY: Accept.NO,
}


def build_plan(
    inventory: Inventory,
    verdicts: Sequence[Verdict],
    manifest: Manifest | None,
    plan: Plan,
) -> Plan:
    """`plan` (its package and names) with a PlannedTask for each task of the project.

    Tasks of tests are left out.
    """
    stanzas = manifest.stanzas if manifest else {}
    pairs = zip(inventory.tasks, verdicts, strict=True)
    calls = defaultdict(list)
    for site in inventory.call_sites:
        calls[site.task].append(site)
    tasks = tuple(
        replace(
            _planned(definition, verdict, stanzas.get(definition.name)),
            refusal=refusal(definition, calls[definition.name]),
        )
        for definition, verdict in pairs
        if not definition.in_tests
    )
    return replace(plan, tasks=tasks)


def _planned(
    definition: TaskDefinition, verdict: Verdict, stanza: Stanza | None
) -> PlannedTask:
    if stanza is None:
        accept = DEFAULT_ACCEPT[verdict.level]
        return PlannedTask(definition, verdict, verdict.target, accept)
    is_stale = not definition.is_light and (
        stanza.is_marked_stale or stanza.hash != definition.source_hash
    )
    return PlannedTask(
        definition,
        verdict,
        stanza.target,
        stanza.accept,
        stanza.options,
        is_stale,
        callers=stanza.callers,
    )


def refuse_unknown(manifest: Manifest, inventory: Inventory) -> None:
    """PlanError where the manifest names a task that the source does not have."""
    known = {task.name for task in inventory.tasks}
    for stanza in manifest.stanzas.values():
        if stanza.name not in known and not stanza.is_gone and not stanza.finished:
            raise PlanError(
                f"there is no task {stanza.name} in the source",
                where=f"{FILE_NAME}:{stanza.line}",
                hint="It was renamed or removed: `migrate plan` marks its stanza.",
            )


def without_refused(plan: Plan, refused: Collection[str]) -> Plan:
    """The plan with the named tasks and schedules staying on Celery."""
    tasks = tuple(
        replace(task, accept=Accept.NO) if task.definition.name in refused else task
        for task in plan.tasks
    )
    moving = {task.definition.name for task in tasks if task.moves}
    schedules = tuple(
        schedule
        if schedule.entry.task in moving and schedule.entry.name not in refused
        else replace(
            schedule,
            target=Target.CELERY,
            refusal=schedule.refusal or "its task or its file cannot be rewritten",
        )
        for schedule in plan.schedules
    )
    return replace(plan, tasks=tasks, schedules=schedules)


def refuse_stranded(plan: Plan) -> None:
    """PlanError where a schedule that has left beat would have no job any more."""
    for schedule in plan.schedules:
        if not schedule.is_moved or schedule.target is not Target.CELERY:
            continue
        name, task = schedule.entry.name, schedule.entry.task
        raise PlanError(
            f"schedule {name!r} has moved, and nothing would run it any more:"
            f" {_why_stranded(plan, task) or schedule.refusal}",
            where=f"{FILE_NAME}: [schedules.{name}]",
            hint=f'Set accept = "yes" and the target of {task} as they were; or put'
            f" the entry back on beat, or drop it, and delete this stanza."
            f" It was: {schedule.entry.source}",
        )


def _why_stranded(plan: Plan, name: str) -> str:
    task = next((t for t in plan.tasks if t.definition.name == name), None)
    if task is None:
        return f"there is no task {name} in the source"
    if task.accept is not Accept.YES:
        return f'task {name} has accept = "{task.accept}"'
    return task.refusal


def moved_entries(manifest: Manifest | None) -> tuple[ScheduleEntry, ...]:
    """Schedules that an earlier apply took out of beat, from their record."""
    if manifest is None:
        return ()
    return tuple(
        _entry(name, table)
        for name, table in manifest.schedules.items()
        if table.get("moved")
    )


def _entry(name: str, table: dict[str, Any]) -> ScheduleEntry:
    try:
        spec = {key: _frozen(value) for key, value in table["spec"].items()}
        return ScheduleEntry(
            name=name,
            task=table["task"],
            kind=ScheduleKind(spec["kind"]),
            location=Location(FILE_NAME, 1),
            end_line=1,
            container=ContainerKind.OTHER,
            source=table["was"],
            spec=spec,
            args=_option("args", table),
            kwargs=_option("kwargs", table),
            options=tuple(
                _literal(key, value) for key, value in table.get("options", {}).items()
            ),
            guard=_condition(table.get("when", "")),
            guard_imports=tuple(map(_import, table.get("when_imports", ()))),
            timezone=str(spec.get("timezone", "UTC")),
            enabled=table.get("enabled", True) is not False,
        )
    except (KeyError, TypeError, ValueError, AttributeError, SyntaxError) as error:
        raise PlanError(
            f"the record of the moved schedule {name!r} is damaged: {error}",
            where=FILE_NAME,
            hint="Take the stanza back from version control; jobs depend on it.",
        ) from error


def _condition(text: str) -> str:
    """The text, which goes into generated code: SyntaxError if it is no expression."""
    if text:
        ast.parse(text, mode="eval")
    return str(text)


def _import(line: str) -> str:
    """The line, which goes into generated code; ValueError if it imports nothing."""
    (node,) = ast.parse(line).body
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) != 1:
        raise ValueError(f"no import of one name: {line}")
    return str(line)


def _option(name: str, table: dict[str, Any]) -> Option | None:
    return _literal(name, table[name]) if name in table else None


def _literal(name: str, value: Any) -> Option:
    return Option(name, repr(value), _frozen(value), is_literal=True)


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value
