"""Runs the stages of `migrate finish`: the way of the data, and nothing else.

open -> scan -> plan -> decide -> rewrite + render -> ChangeSet
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.errors import UsageError
from migrator.model import (
    Accept,
    ChangeSet,
    FileChange,
    Plan,
    PlannedTask,
    Refusal,
    Target,
)
from migrator.pipeline import (
    generated_files,
    make_plan,
    read_plan_file,
    survey,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from migrator.pipeline import Survey
    from migrator.plan import Manifest


@dataclass(frozen=True, slots=True)
class Finish:
    """What a finish would write, and what it leaves as it is.

    `kept`: a task that keeps the shim, once for each reason. `unseen`: places that may
    reach any task; while there is one, nothing is finished.
    """

    plan: Plan
    finished: tuple[str, ...]
    changes: ChangeSet
    kept: tuple[Refusal, ...] = ()
    unseen: tuple[Refusal, ...] = ()


def finish(
    root: Path,
    names: Sequence[str],
    *,
    has_looked: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Finish:
    """What finishing the tasks named, or all moved ones without names, would write.

    UsageError where a name is not that of a moved task.
    """
    manifest = read_plan_file(root)
    if manifest is None:
        raise UsageError(
            "there is no plan, so nothing has been moved by it",
            where=str(root / "migrate.toml"),
            hint="`migrate plan`, `migrate apply`, and then `migrate finish`.",
        )
    found = survey(root, progress)
    plan = _as_applied(make_plan(found, manifest))
    wanted = _wanted(plan, names)
    return _finish(found, manifest, plan, wanted, has_looked=has_looked)


def _as_applied(plan: Plan) -> Plan:
    """The plan less what the next apply would move: a finish moves nothing."""
    tasks = tuple(
        task
        if task.is_finished or task.definition.is_light
        else replace(task, accept=Accept.NO)
        for task in plan.tasks
    )
    schedules = tuple(
        schedule if schedule.is_moved else replace(schedule, target=Target.CELERY)
        for schedule in plan.schedules
    )
    return replace(plan, tasks=tasks, schedules=schedules)


def _moved(plan: Plan) -> set[str]:
    return {
        task.definition.name
        for task in plan.tasks
        if task.definition.is_light and not task.is_finished
    }


def _wanted(plan: Plan, names: Sequence[str]) -> set[str]:
    moved = _moved(plan)
    if unknown := sorted(set(names) - moved):
        known = ", ".join(sorted(moved)) or "none"
        raise UsageError(
            f"{unknown[0]} is no task that has moved",
            hint=f"Moved and not finished: {known}.",
        )
    return set(names) or moved


def _finish(
    found: Survey,
    manifest: Manifest,
    plan: Plan,
    wanted: Collection[str],
    *,
    has_looked: bool,
) -> Finish:
    from migrator.finish import decide

    is_test = found.project.is_test
    decision = decide(found.inventory, plan, wanted, is_test, has_looked=has_looked)
    finishing = list(decision.finishing)
    kept = list(decision.kept)
    while True:
        edits, refusals = _edits(found, plan, finishing)
        if not refusals:
            break
        kept += refusals
        refused = {refusal.name for refusal in refusals}
        finishing = [name for name in finishing if name not in refused]
    after = _finished_plan(plan, finishing)
    changes = _with_the_rest(found, manifest, after, finishing, edits)
    return Finish(after, tuple(finishing), changes, tuple(kept), decision.unseen)


def _edits(
    found: Survey, plan: Plan, finishing: Sequence[str]
) -> tuple[ChangeSet, list[Refusal]]:
    """The edits of the source, and who cannot be finished after all."""
    from migrator.finish import handler_calls, remaining_uses
    from migrator.rewrite import finish_project

    project = found.project
    edits = finish_project(found.inventory, plan, finishing, project.read)
    if edits.refusals:
        return edits, list(edits.refusals)
    after = {change.path: change.after or b"" for change in edits.changes}

    def read(path: str) -> bytes:
        return after[path] if path in after else project.read(path)

    definitions = [
        task.definition for task in plan.tasks if task.definition.name in finishing
    ]
    return edits, [
        *remaining_uses(definitions, project.files, read),
        *handler_calls(found.inventory, plan, finishing, project.files, project.read),
    ]


def _finished_plan(plan: Plan, finishing: Collection[str]) -> Plan:
    """The plan as it stands once the tasks are plain functions."""
    return replace(
        plan,
        tasks=tuple(
            _finished(task) if task.definition.name in finishing else task
            for task in plan.tasks
        ),
    )


def _finished(task: PlannedTask) -> PlannedTask:
    definition = replace(task.definition, options=(), is_bound=False)
    return replace(task, definition=definition, is_finished=True)


def _with_the_rest(
    found: Survey,
    manifest: Manifest,
    plan: Plan,
    finishing: Collection[str],
    edits: ChangeSet,
) -> ChangeSet:
    """The edits with the generated package, the plan file, and the manual steps."""
    from migrator.finish import left_to_remove
    from migrator.plan import FILE_NAME, with_finished

    if not finishing:
        return ChangeSet()
    generated, kept = generated_files(found, plan)
    project = found.project
    left = left_to_remove(found.inventory, plan, finishing, project.files, project.read)
    changes: tuple[FileChange, ...] = (*edits.changes, *generated)
    whole = ChangeSet(
        tuple(sorted(changes, key=lambda change: change.path)),
        (*edits.manual_steps, *kept, *left),
    )
    before = (project.root / FILE_NAME).read_bytes()
    noted = with_finished(manifest, plan.tasks).encode()
    note = FileChange(FILE_NAME, before, noted, ("the plan",))
    return replace(whole, changes=(*whole.changes, note))
