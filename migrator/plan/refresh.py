"""Writes or refreshes migrate.toml; what a person decided survives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import Table

from migrator.model import Target
from migrator.plan.manifest import FORMAT, Manifest, text_of
from migrator.plan.selection import NOT_NOW
from migrator.shown import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tomlkit import TOMLDocument

    from migrator.model import Finding, Option, Plan, PlannedSchedule, PlannedTask

HEAD = """\
The plan of a migration off Celery, written by `migrate plan`. Edit it and commit it.
accept: "yes" moves the task, "later" and "no" leave it on Celery.
target: where it goes (apscheduler, background, cronjob, runner) or stays (celery).
callers = "direct" or "background": what `migrate finish` makes of .delay() calls.
Next: `migrate diff` shows exactly what `migrate apply` will write.
"""
REASONS = 3
# Keys of a schedule that has moved: what its job is made from.
RECORD = (
    *("spec", "args", "kwargs", "options", "when", "when_imports", "enabled"),
    "moved",
)


def refreshed(manifest: Manifest | None, plan: Plan, *, applied: bool = False) -> str:
    """The text of migrate.toml for this plan.

    With `applied`, as it stands after an apply: schedules that moved are recorded,
    since they are no longer in the source.
    """
    document = manifest.document if manifest else _new_document()
    tasks = _section(document, "tasks")
    for task in plan.tasks:
        _put_task(tasks, task)
    _mark_gone(tasks, {task.definition.name for task in plan.tasks})
    schedules = _section(document, "schedules")
    for schedule in plan.schedules:
        _put_schedule(schedules, schedule, applied=applied)
    names = {schedule.entry.name for schedule in plan.schedules}
    for name in [name for name in schedules if name not in names]:
        schedules.remove(name)
    return text_of(document)


def with_finished(manifest: Manifest, tasks: Iterable[PlannedTask]) -> str:
    """The text of migrate.toml with these tasks noted as finished, and no more."""
    stanzas = _section(manifest.document, "tasks")
    for task in tasks:
        if task.is_finished:
            _put_task(stanzas, task)
    return text_of(manifest.document)


def _new_document() -> TOMLDocument:
    document = tomlkit.document()
    for line in HEAD.splitlines():
        document.add(tomlkit.comment(line))
    document.add("format", tomlkit.item(FORMAT))
    return document


def _section(document: TOMLDocument, name: str) -> Table:
    if name not in document:
        document.add(name, tomlkit.table(is_super_table=True))
    section = document[name]
    if not isinstance(section, Table):
        raise TypeError(name)  # read_manifest has checked it
    return section


def _put_task(tasks: Table, task: PlannedTask) -> None:
    definition, verdict = task.definition, task.verdict
    is_new = definition.name not in tasks
    if is_new:
        table = tomlkit.table()
        table.add("accept", str(task.accept))
        table.add("target", str(task.target))
        tasks.add(definition.name, table)
    stanza = tasks[definition.name]
    if not isinstance(stanza, Table):
        raise TypeError(definition.name)
    if task.is_finished:
        _set(stanza, "finished", definition.qualified_name)
        _set(stanza, "source", definition.location.path)
        _drop(stanza, "stale", "gone")
        return
    _drop(stanza, "finished")  # whoever took a finish back by hand
    if definition.is_light:
        _drop(stanza, "stale", "gone")
        return  # its verdict was given before it moved
    has_changed = "hash" in stanza and stanza["hash"] != definition.source_hash
    confirmed = "" if verdict.is_confirmed else ", unconfirmed"
    _set(stanza, "verdict", f"{verdict.level}{confirmed}")
    _set(stanza, "reasons", _reasons(verdict.findings))
    _set(stanza, "source", definition.location.path)
    _set(stanza, "hash", definition.source_hash)
    if task.refusal:
        _set(stanza, "cannot_move", task.refusal)
    else:
        _drop(stanza, "cannot_move")
    _drop(stanza, "gone")
    if has_changed and "stale" not in stanza:
        stale = tomlkit.item(True)
        stale.comment("the source changed: read it again, then delete this line")
        stanza.add("stale", stale)


def _reasons(findings: Iterable[Finding]) -> list[str]:
    shown = list(findings)[:REASONS]
    return [without_secrets(f"{f.message} ({f.location})") for f in shown]


def _mark_gone(tasks: Table, known: set[str]) -> None:
    for name in tasks:
        stanza = tasks[name]
        if name not in known and isinstance(stanza, Table) and "gone" not in stanza:
            gone = tomlkit.item(True)
            gone.comment("no such task in the source any more: delete this stanza")
            stanza.add("gone", gone)


def _put_schedule(
    schedules: Table, schedule: PlannedSchedule, *, applied: bool
) -> None:
    entry = schedule.entry
    if schedule.refusal == NOT_NOW:
        return
    if schedule.is_moved and entry.name in schedules:
        return  # the record of an earlier apply is not ours to rewrite
    if entry.name not in schedules:
        schedules.add(entry.name, tomlkit.table())
    stanza = schedules[entry.name]
    if not isinstance(stanza, Table):
        raise TypeError(entry.name)
    _set(stanza, "task", entry.task)
    _set(stanza, "was", entry.source)
    if schedule.target is Target.CELERY:
        _set(stanza, "stays_on_beat", schedule.refusal or "its task stays on Celery")
        _drop(stanza, "becomes", "proof", *RECORD)
        return
    _drop(stanza, "stays_on_beat")
    _set(stanza, "becomes", schedule.trigger or " + ".join(schedule.cron))
    _set(stanza, "proof", "fires at the same times as on beat, for two years")
    if applied:
        _record(stanza, schedule)


def _record(stanza: Table, schedule: PlannedSchedule) -> None:
    """Everything the generated job is made from, now that beat does not hold it."""
    entry = schedule.entry
    _set(stanza, "spec", _inline(entry.spec or {}))
    for option in (entry.args, entry.kwargs):
        if option is not None and option.is_literal:
            _set(stanza, option.name, _plain(option.value))
    literal = {o.name: _plain(o.value) for o in entry.options if _is_kept(o)}
    if literal:
        _set(stanza, "options", _inline(literal))
    if entry.guard:
        _set(stanza, "when", entry.guard)
        _set(stanza, "when_imports", _plain(entry.guard_imports or ()))
    if not entry.enabled:
        _set(stanza, "enabled", False)
    _set(stanza, "moved", True)


def _is_kept(option: Option) -> bool:
    return option.is_literal and option.value is not None


def _inline(values: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for key, value in values.items():
        if value is not None:
            table.append(key, _plain(value))
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return _inline(value)
    return value


def _set(table: Table, key: str, value: Any) -> None:
    """Set a value; an equal one is not touched, so that its layout stays."""
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(value)
        value = array.multiline(multiline=len(value) > 1)
    if key not in table:
        table.add(key, value)
    elif table[key] != value:
        table[key] = value


def _drop(table: Table, *keys: str) -> None:
    for key in keys:
        if key in table:
            table.remove(key)
