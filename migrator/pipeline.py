"""Runs the stages one after the other: the way of the data, and nothing else.

open -> scan -> classify -> plan -> rewrite + render -> ChangeSet
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.application import without_application
from migrator.config import Configuration, load_configuration
from migrator.errors import PlanError, ProjectError
from migrator.model import (
    Accept,
    ChangeSet,
    ContainerKind,
    FileChange,
    Location,
    ManualStep,
    Plan,
    PlannedSchedule,
    Refusal,
)
from migrator.reading import read_regular
from migrator.vendoring import folder_of, is_vendored, vendored_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from migrator.model import Inventory, ScheduleEntry, Verdict
    from migrator.plan import Manifest, Selection
    from migrator.project import Project
    from migrator.schedules import StoredEntry


EVIDENCE_FILE = "migrate-evidence.json"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found and how it was judged."""

    project: Project
    configuration: Configuration
    inventory: Inventory
    verdicts: tuple[Verdict, ...]
    unmatched_overrides: tuple[str, ...]


def survey(
    root: Path,
    progress: Callable[[int, int], None] | None = None,
    imported: Sequence[StoredEntry] = (),
) -> Survey:
    """Open, scan and classify. ProjectError where the folder cannot be migrated.

    `imported` are entries of the running application, beside those that were exported.
    """
    from migrator.classify import classify, unmatched_overrides
    from migrator.operate.evidence import load_evidence
    from migrator.operate.schedules import with_exported
    from migrator.project import open_project
    from migrator.scan import scan_project
    from migrator.scan.cache import default_folder

    configuration = load_configuration(root)
    exclude = configuration.exclude
    if is_vendored(configuration.shim):
        exclude = (*exclude, f"**/{folder_of(configuration.shim, '')}/**")
    project = open_project(root, exclude=exclude)
    if not is_vendored(configuration.shim):
        _refuse_name_clash(project, configuration.shim)
    inventory = scan_project(project, progress=progress, cache=default_folder())
    inventory = with_exported(inventory, root, imported)
    verdicts = classify(
        inventory,
        weights=configuration.weights,
        overrides=configuration.tasks,
        evidence=load_evidence(root / EVIDENCE_FILE),
    )
    unmatched = unmatched_overrides(inventory, configuration.tasks)
    return Survey(project, configuration, inventory, verdicts, unmatched)


def _refuse_name_clash(project: Project, shim: str) -> None:
    """A top-level module of the shim's name would be imported in its place."""
    for path in project.files:
        if not path.endswith(".py"):
            continue
        if project.module_name(path) in {shim, f"{shim}.__init__"}:
            raise ProjectError(
                f"the project has a module {shim!r} of its own",
                where=path,
                hint="Vendor our shim under another name and say so: "
                '[tool.migrate] shim = "myapp._shim" in pyproject.toml.',
            )


def read_plan_file(root: Path) -> Manifest | None:
    """migrate.toml, or None where there is none yet."""
    from migrator.plan import FILE_NAME, read_manifest

    try:
        text = read_regular(root / FILE_NAME).decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(
            f"cannot be read: {error}",
            where=FILE_NAME,
            hint="It must be a UTF-8 text file.",
        ) from error
    return read_manifest(text)


def make_plan(
    found: Survey, manifest: Manifest | None, *, is_refresh: bool = False
) -> Plan:
    """The plan for what was found, with the user's decisions and proven schedules.

    PlanError where the manifest names an unknown task, unless it is being refreshed.
    """
    from migrator.plan import (
        build_plan,
        finished_tasks,
        moved_entries,
        refuse_unknown,
        without_refused,
    )

    if manifest is not None and not is_refresh:
        refuse_unknown(manifest, found.inventory)

    configuration = found.configuration
    folder = configuration.package_path or _package_folder(found)
    empty = Plan(configuration.package, folder, shim_name=configuration.shim)
    plan = build_plan(found.inventory, found.verdicts, manifest, empty)
    if manifest is not None:
        known = {task.name for task in found.inventory.tasks}
        finished = finished_tasks(manifest, known, found.project.read)
        plan = replace(plan, tasks=(*plan.tasks, *finished))
    moved = moved_entries(manifest)
    schedules = _planned_schedules(plan, found.inventory.schedules, moved)
    if manifest is not None:
        # The file keeps the order of the first plan; moving one changes no other.
        order = {name: index for index, name in enumerate(manifest.schedules)}
        last = len(order)
        schedules = tuple(
            sorted(schedules, key=lambda s: order.get(s.entry.name, last))
        )
    return without_refused(replace(plan, schedules=schedules), ())


def _planned_schedules(
    plan: Plan, entries: Sequence[ScheduleEntry], moved: Sequence[ScheduleEntry]
) -> tuple[PlannedSchedule, ...]:
    from migrator.scan.cache import default_folder
    from migrator.schedules import KeptProofs, plan_schedules

    proofs = KeptProofs(default_folder())
    targets = {t.definition.name: t.target for t in plan.tasks if t.moves}
    names = {entry.name for entry in moved}
    # What a store says of an entry that has moved is older than the move.
    entries = [e for e in entries if e.name not in names or not _is_stored(e)]
    planned = plan_schedules(entries, targets, proofs)
    again = [schedule for schedule in planned if schedule.entry.name in names]
    if again:
        raise PlanError(
            f"schedule {again[0].entry.name!r} is on beat and was moved before",
            where=str(again[0].entry.location),
            hint="It would run twice. Remove it here, or its stanza from the plan.",
        )
    old = plan_schedules(moved, targets, proofs)
    proofs.keep()
    return (*planned, *(replace(schedule, is_moved=True) for schedule in old))


def _is_stored(entry: ScheduleEntry) -> bool:
    return entry.container is ContainerKind.STORE


def _package_folder(found: Survey) -> str:
    """Beside the top-level package of the Celery app, so that it can be imported."""
    folder = _source_root(found)
    name = found.configuration.package.replace(".", "/")
    return f"{folder}/{name}" if folder else name


def _source_root(found: Survey) -> str:
    """The folder from which the Celery application is imported; "" for the root."""
    is_test = found.project.is_test
    for app in found.inventory.apps:
        if not is_test(app.location.path):
            return found.project.source_root(app.location.path)
    return ""


def refuse_stale(plan: Plan) -> None:
    """PlanError where a task that is to move was changed since it was judged."""
    stale = [t for t in plan.tasks if t.is_stale and t.accept is Accept.YES]
    if not stale:
        return
    first = stale[0].definition
    more = f" (and {len(stale) - 1} more)" if len(stale) > 1 else ""
    raise PlanError(
        f"task {first.name} changed since the plan was made{more}",
        where=str(first.location),
        hint="Run `migrate plan`, read the new reasons, and delete its `stale` line.",
    )


def pending_changes(
    root: Path,
    progress: Callable[[int, int], None] | None = None,
    selection: Selection | None = None,
) -> tuple[Plan, ChangeSet]:
    """What apply would write now, of the tasks selected.

    PlanError where there is no plan, or a stale one; UsageError for an unknown task.
    """
    from migrator.plan import selected

    manifest = read_plan_file(root)
    if manifest is None:
        raise PlanError(
            "there is no plan yet",
            where=str(root / "migrate.toml"),
            hint="Run `migrate plan`, read what it writes, and decide.",
        )
    found = survey(root, progress)
    plan = make_plan(found, manifest)
    if selection is not None:
        plan = selected(plan, selection)
    refuse_stale(plan)
    plan, changes = compute_changes(found, plan)
    if selection is not None and selection.schedules_stay:
        changes = _with_routes(found, plan, changes)
    return plan, with_plan_file(root, manifest, plan, changes)


def pending_tasks(root: Path, selection: Selection) -> tuple[str, ...]:
    """Names of the tasks, or of those of the schedules, that apply would move now."""
    plan, _ = pending_changes(root, selection=selection)
    moving = [task.definition.name for task in plan.tasks if task.moves_now]
    scheduled = [s.entry.task for s in plan.schedules if s.moves_now]
    return tuple(dict.fromkeys([*moving, *scheduled]))


def _with_routes(found: Survey, plan: Plan, changes: ChangeSet) -> ChangeSet:
    """The changes with a file that keeps the calls of what moves on Celery."""
    from migrator.plan import ROUTES_FILE, with_routes

    moving = [task.definition.name for task in plan.tasks if task.moves_now]
    if not moving:
        return changes
    before = _reader(found)(ROUTES_FILE)
    file = FileChange(ROUTES_FILE, before, with_routes(before, moving), tuple(moving))
    step = ManualStep(
        Location(ROUTES_FILE, 1),
        f"set SHIM_ROUTES={ROUTES_FILE} (its path as the process sees it) for every "
        "web, worker and beat process; take a name out of the file to switch its task",
        "without it their calls go light at once",
    )
    steps = (*changes.manual_steps, step)
    return replace(changes, changes=(*changes.changes, file), manual_steps=steps)


def compute_changes(found: Survey, plan: Plan) -> tuple[Plan, ChangeSet]:
    """The ChangeSet of a plan, and the plan less what turned out not to be rewritable.

    Whatever is refused takes everything that depends on it along, until nothing more
    is refused: a beat entry never goes without its job being there. PlanError where an
    entry that has gone before would lose its job.
    """
    from migrator.plan import refuse_stranded, why_it_stays, without_refused
    from migrator.render import manual_steps, refusals
    from migrator.rewrite import dependency_edits, rewrite_project

    existing = _reader(found)
    refused: dict[str, Refusal] = {
        name: Refusal(name, task.definition.location, reason)
        for task in plan.tasks
        if (name := task.definition.name) and (reason := why_it_stays(task))
    }
    while True:
        edits = rewrite_project(found.inventory, plan, found.project.read)
        ungenerated = refusals(plan, found.inventory, existing=existing)
        both = (*edits.refusals, *ungenerated)
        new = {r.name: r for r in both if r.name not in refused}
        if not new:
            break
        refused |= new
        plan = without_refused(plan, refused.keys())
    refuse_stranded(plan)
    generated, kept = generated_files(found, plan)
    kept += manual_steps(plan, found.inventory, existing=existing)
    declared = dependency_edits(plan, found.project.files, found.project.read)
    own = (*generated, *_vendored(found, plan))
    changes = (*edits.changes, *own, *declared.changes)
    return plan, ChangeSet(
        tuple(sorted(changes, key=lambda change: change.path)),
        (*edits.manual_steps, *kept, *declared.manual_steps),
        tuple(refused.values()),
    )


def generated_files(
    found: Survey, plan: Plan
) -> tuple[tuple[FileChange, ...], list[ManualStep]]:
    """New files; a generated file that the team has changed since stays theirs.

    Where every task that moved is finished, they are rendered without the shim, and
    without the Celery application if no task is left on Celery.
    """
    from migrator.render import edited_files, is_needed, render

    if not is_needed(plan):
        return (), []
    existing = _reader(found)
    left = [task for task in plan.tasks if not task.is_finished]
    is_finished = len(left) < len(plan.tasks) and not any(
        task.moves or task.definition.is_light for task in left
    )
    inventory = found.inventory if left else without_application(found.inventory)
    changes = render(plan, inventory, existing=existing, finished=is_finished)
    steps = [
        ManualStep(
            Location(path, 1),
            "merge what would be generated now: move the file away, run `migrate "
            "diff` again, and compare",
            "your team has changed this file, so it is left alone",
        )
        for path in edited_files(plan, existing=existing)
    ]
    return changes, steps


def _vendored(found: Survey, plan: Plan) -> tuple[FileChange, ...]:
    """The project's own copy of the shim, where it wants one and needs one."""
    shim = found.configuration.shim
    if not is_vendored(shim) or not any(task.moves for task in plan.tasks):
        return ()
    return tuple(vendored_files(folder_of(shim, _source_root(found)), _reader(found)))


def _reader(found: Survey) -> Callable[[str], bytes | None]:
    """Answers with the content of a file of the project, or None.

    One that a link leads out to is none of it: what it holds is nobody's to see.
    """
    root = found.project.root

    def existing(path: str) -> bytes | None:
        target = (root / path).resolve()
        is_ours = target.is_relative_to(root) and target.is_file()
        return target.read_bytes() if is_ours else None

    return existing


def with_plan_file(
    root: Path, manifest: Manifest | None, plan: Plan, changes: ChangeSet
) -> ChangeSet:
    """The ChangeSet with migrate.toml as it stands once the changes are applied."""
    from migrator.plan import FILE_NAME, refreshed

    if not changes.changes:
        return changes
    path = root / FILE_NAME
    before = path.read_bytes() if path.exists() else None
    after = refreshed(manifest, plan, applied=True).encode()
    if before == after:
        return changes
    change = FileChange(FILE_NAME, before, after, ("the plan",))
    return replace(changes, changes=(*changes.changes, change))
