"""Compares the tree with what it was, and repeats the proofs of its schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import UsageError
from migrator.pipeline import Survey, make_plan, read_plan_file, survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migrator.model import Plan, PlannedSchedule
    from migrator.project import Project
    from migrator.schedules import Proof
    from migrator.verify import Check


def verify_tree(
    root: Path,
    base: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Check, ...]:
    """Compare the tree before the last apply, or at git revision `base`, with now.

    UsageError where there is nothing to compare with.
    """
    from migrator.apply import last_changes
    from migrator.verify import tree_at, tree_before

    manifest = read_plan_file(root)
    found = survey(root, progress)
    plan = make_plan(found, manifest)
    if base is not None:
        with tree_at(root, base) as before:
            return _compared(found, plan, before, _differing(before, found.project))
    changes = last_changes(root)
    if not changes:
        raise UsageError(
            "there is no applied change here to verify",
            where=str(root),
            hint="Say which commit to compare with: migrate verify --base REV.",
        )
    written = tuple(change.path for change in changes)
    return _compared(found, plan, tree_before(found.project, changes), written)


def _compared(
    found: Survey, plan: Plan, before: Project, written: tuple[str, ...]
) -> tuple[Check, ...]:
    from migrator.scan import scan_project
    from migrator.verify import Comparison, verify

    inventory = scan_project(before)
    return verify(Comparison(inventory, found.inventory, plan, found.project, written))


def _differing(before: Project, after: Project) -> tuple[str, ...]:
    old = set(before.files)
    return tuple(
        path
        for path in after.files
        if path not in old or before.read(path) != after.read(path)
    )


def prove_schedules(root: Path) -> tuple[tuple[PlannedSchedule, Proof | None], ...]:
    """Every schedule with its proof; None for one that stays on beat."""
    from migrator.schedules import prove_planned

    plan = make_plan(survey(root), read_plan_file(root))
    return tuple((schedule, prove_planned(schedule)) for schedule in plan.schedules)
