"""Reads a Plan into edits per file, and carries them out file by file."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from libcst.metadata import MetadataWrapper

from migrator.model import (
    ChangeSet,
    ContainerKind,
    DefinitionKind,
    FileChange,
    Location,
    ManualStep,
    Refusal,
    Target,
)
from migrator.rewrite.edits import (
    DecoratorEdit,
    DecoratorForm,
    FileEdits,
    WantedImport,
    WebAppEdit,
)
from migrator.rewrite.import_order import ImportOrder
from migrator.rewrite.imports import bound_names, names_from, settle_imports
from migrator.rewrite.source import NotEditableError, check_compiles, read_source
from migrator.rewrite.transformer import FileTransformer

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Inventory, Plan, PlannedSchedule, PlannedTask, WebApp

ELEMENTS = {
    ContainerKind.DICT_LITERAL,
    ContainerKind.UPDATE_CALL,
    ContainerKind.LIST_OF_DICTS,
}
STATEMENTS = {ContainerKind.ITEM_ASSIGNMENT, ContainerKind.ADD_PERIODIC_TASK}


def rewrite_project(
    inventory: Inventory, plan: Plan, read: Callable[[str], bytes]
) -> ChangeSet:
    """The edits of the user's files that the plan asks for.

    A file whose edits cannot all be made is left alone as a whole, and each task and
    schedule of it is refused by name: half an edit could lose a run.
    """
    changes, refusals, steps = [], [], []
    files = [file.path for file in inventory.files]
    for path, edits in sorted(_edits_by_file(inventory, plan).items()):
        try:
            order = ImportOrder.of(path, files, [plan.package.partition(".")[0]])
            change, manual = _edited(path, edits, plan, read(path), order)
        except NotEditableError as error:
            place = Location(path, 1)
            refusals += [Refusal(name, place, str(error)) for name in edits.reasons]
            continue
        steps += manual
        if change.before != change.after:
            changes.append(change)
    return ChangeSet(tuple(changes), tuple(steps), tuple(refusals))


def _edits_by_file(inventory: Inventory, plan: Plan) -> dict[str, FileEdits]:
    files: dict[str, FileEdits] = defaultdict(FileEdits)
    for task in plan.tasks:
        if task.moves_now:
            _add_decorator(files[task.definition.location.path], task)
    for schedule in plan.schedules:
        if schedule.moves_now:
            _add_schedule(files[schedule.entry.location.path], schedule)
    if any(task.moves and not task.is_finished for task in plan.tasks):
        for web_app in _apps_to_start(inventory):
            _add_web_app(files[web_app.location.path], web_app, plan)
    return files


def _add_decorator(edits: FileEdits, task: PlannedTask) -> None:
    definition = task.definition
    place = (definition.decorator.line, definition.decorator.column)
    replaces = definition.kind in {DefinitionKind.SHARED, DefinitionKind.APP}
    name_is_settled = definition.name_is_explicit or (
        definition.name_is_certain and not definition.has_spread
    )
    if replaces and name_is_settled:
        name = "" if definition.name_is_explicit else definition.name
        edit = DecoratorEdit(DecoratorForm.REPLACE, name, definition.app)
    else:
        edit = DecoratorEdit(DecoratorForm.ADOPT)
    edits.decorators[place] = edit
    edits.reasons.append(definition.name)


def _add_schedule(edits: FileEdits, schedule: PlannedSchedule) -> None:
    entry = schedule.entry
    place = (entry.location.line, entry.location.column)
    if entry.container in ELEMENTS:
        edits.elements.add(place)
    elif entry.container in STATEMENTS:
        edits.statements.add(place)
    edits.reasons.append(entry.name)


def _apps_to_start(inventory: Inventory) -> list[WebApp]:
    """The one FastAPI application that is not started yet; none where it is unclear."""
    apps = [app for app in inventory.web_apps if app.framework == "fastapi"]
    return apps if len(apps) == 1 and not apps[0].starts_runner else []


def _add_web_app(edits: FileEdits, web_app: WebApp, plan: Plan) -> None:
    has_jobs = any(s.target is Target.APSCHEDULER for s in plan.schedules)
    router = "light_tasks_health" if has_jobs else ""
    place = (web_app.location.line, web_app.location.column)
    edits.web_apps[place] = WebAppEdit("shim_lifespan", router)
    edits.imports.append(
        WantedImport(f"{plan.shim_name}.fastapi", "lifespan", "shim_lifespan")
    )
    if router:
        edits.imports.append(WantedImport(f"{plan.package}.health", "router", router))


def _edited(
    path: str, edits: FileEdits, plan: Plan, before: bytes, order: ImportOrder
) -> tuple[FileChange, list[ManualStep]]:
    source = read_source(before)
    wanted = list(edits.imports)
    light_task = "light_task"
    if edits.decorators:
        # A file of which another task has moved before has the name from the shim.
        is_ours = light_task in names_from(source.module, plan.shim_name)
        taken = light_task in bound_names(source.module) and not is_ours
        own = WantedImport(
            plan.shim_name, "light_task", "shim_light_task" if taken else ""
        )
        light_task = own.bound
        wanted.insert(0, own)
    transformer = FileTransformer(edits, light_task)
    wrapper = MetadataWrapper(source.module, unsafe_skip_copy=True)
    after = wrapper.visit(transformer)
    if transformer.missed:
        line, column = min(transformer.missed)
        raise NotEditableError(
            f"line {line}, column {column} does not hold what the scan saw there"
        )
    is_package = path.endswith("__init__.py")
    after = settle_imports(
        source.module, after, wanted, order, may_remove=not is_package
    )
    check_compiles(after)
    change = FileChange(path, before, source.encode(after), tuple(edits.reasons))
    return change, _health_step(path, transformer, edits)


def _health_step(
    path: str, transformer: FileTransformer, edits: FileEdits
) -> list[ManualStep]:
    if not transformer.health_is_unplaced:
        return []
    line, column = min(edits.web_apps)
    return [
        ManualStep(
            Location(path, line, column),
            "include the router of the generated `health` module in this application",
            "the application is not assigned to a name here",
        )
    ]
