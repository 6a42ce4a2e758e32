"""Makes moved tasks plain functions again, and their callers' calls native."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from libcst.metadata import MetadataWrapper

from migrator.model import (
    Callers,
    CallKind,
    ChangeSet,
    FileChange,
    Location,
    ManualStep,
    Refusal,
)
from migrator.rewrite import handler
from migrator.rewrite.edits import WantedImport
from migrator.rewrite.finish_transformer import (
    CallEdit,
    FinishEdits,
    FinishTransformer,
)
from migrator.rewrite.import_order import ImportOrder
from migrator.rewrite.imports import bound_names, names_from, settle_imports
from migrator.rewrite.names import names_in_use
from migrator.rewrite.source import (
    NotEditableError,
    Source,
    check_compiles,
    read_source,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import libcst as cst

    from migrator.model import Inventory, Plan, PlannedTask

FASTAPI = "fastapi"


def finish_project(
    inventory: Inventory,
    plan: Plan,
    finishing: Collection[str],
    read: Callable[[str], bytes],
) -> ChangeSet:
    """The edits that make each task named in `finishing` a plain function.

    A task of which one edit cannot be made is refused: with all of its callers, or
    not at all. The caller leaves it out and asks again.
    """
    changes, steps, refusals = [], [], []
    spared = _spared(plan, finishing)
    files = [file.path for file in inventory.files]
    for path, edits in sorted(_edits(inventory, plan, finishing).items()):
        try:
            order = ImportOrder.of(path, files, [plan.package.partition(".")[0]])
            edited = _Edited(path, edits, plan, read(path), spared, order)
        except NotEditableError as error:
            place = Location(path, 1)
            refusals += [Refusal(name, place, str(error)) for name in edits.tasks]
            continue
        refusals += edited.refusals
        steps += edited.steps
        if edited.change.before != edited.change.after:
            changes.append(edited.change)
    return ChangeSet(tuple(changes), tuple(steps), tuple(refusals))


def _edits(
    inventory: Inventory, plan: Plan, finishing: Collection[str]
) -> dict[str, FinishEdits]:
    files: dict[str, FinishEdits] = defaultdict(FinishEdits)
    forms = {}
    for task in plan.tasks:
        name, at = task.definition.name, task.definition.decorator
        if name in finishing:
            files[at.path].decorators[at.line, at.column] = name
            forms[name] = task.callers
    for site in inventory.call_sites:
        if site.kind in {CallKind.DELAY, CallKind.APPLY_ASYNC} and site.task in forms:
            # A test calls at once under task_always_eager, whatever the program does.
            form = None if site.in_tests else forms[site.task]
            at = site.location
            edit = CallEdit(site.task, form or Callers.DIRECT)
            files[at.path].calls[at.line, at.column] = edit
    if not _left(plan, finishing):
        for app in inventory.web_apps:
            if app.starts_runner:
                at = app.location
                files[at.path].web_apps.add((at.line, at.column))
    return files


def _left(plan: Plan, finishing: Collection[str]) -> list[PlannedTask]:
    """The light tasks that stay so."""
    return [
        task
        for task in plan.tasks
        if task.definition.is_light
        and not task.is_finished
        and task.definition.name not in finishing
    ]


def _spared(plan: Plan, finishing: Collection[str]) -> set[str]:
    """Names of Celery applications whose import must not go.

    A shared task finds its broker through an application that somebody has imported.
    """
    tasks = [task for task in plan.tasks if not task.is_finished]
    gone = [task for task in tasks if task.definition.name in finishing]
    others = [task for task in tasks if task.definition.name not in finishing]
    if all(_application(task) for task in others):
        return set()
    return {_application(task).partition(".")[0] for task in gone} - {""}


def _application(task: PlannedTask) -> str:
    """The source of the application that the decorator names, or ""."""
    options = task.definition.options
    given = next((option.source for option in options if option.name == "app"), "")
    return task.definition.app or given


class _Edited:
    """One file, edited, with what could not be."""

    def __init__(
        self,
        path: str,
        edits: FinishEdits,
        plan: Plan,
        before: bytes,
        spared: Collection[str],
        order: ImportOrder,
    ) -> None:
        source = read_source(before)
        transformer = FinishTransformer(edits)
        wrapper = MetadataWrapper(source.module, unsafe_skip_copy=True)
        after = wrapper.visit(transformer)
        if transformer.missed:
            line, column = min(transformer.missed)
            raise NotEditableError(
                f"line {line}, column {column} does not hold what the scan saw there"
            )
        self.refusals = [
            Refusal(task, Location(path, *place), f"a call has no native form: {why}")
            for task, (place, why) in transformer.refused.items()
        ]
        wanted = []
        if transformer.needs_background:
            wanted.append(_background_import(source))
        kept = set(spared)
        if path.endswith("__init__.py"):
            kept |= names_in_use(source.module) - names_from(
                source.module, plan.shim_name
            )
        after = settle_imports(
            source.module, after, wanted, order, may_remove=True, spared=kept
        )
        check_compiles(after)
        reasons = tuple(sorted(edits.tasks))
        self.change = FileChange(path, before, source.encode(after), reasons)
        self.steps = _kept_imports(path, source.module, after, spared)


def _background_import(source: Source) -> WantedImport:
    wanted = WantedImport(FASTAPI, handler.KIND)
    is_bound = handler.KIND in bound_names(source.module)
    is_fastapis = handler.KIND in names_from(source.module, FASTAPI)
    if is_bound and not is_fastapis:
        raise NotEditableError(f"{handler.KIND} means something else in the file")
    return wanted


def _kept_imports(
    path: str, before: cst.Module, after: cst.Module, spared: Collection[str]
) -> list[ManualStep]:
    unused = (names_in_use(before) - names_in_use(after)) & set(spared)
    return [
        ManualStep(
            Location(path, 1),
            f"decide whether {name} is still to be imported here",
            "nothing of this file uses it now, but shared tasks elsewhere find their "
            "broker through an application that has been imported",
        )
        for name in sorted(unused)
    ]
