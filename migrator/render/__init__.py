"""Plan to new files: the generated package. Nothing else in the tool knows Jinja."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import FileChange, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.model import Inventory, ManualStep, Plan, Refusal


def render(
    plan: Plan,
    inventory: Inventory,
    *,
    existing: Callable[[str], bytes | None],
    finished: bool = False,
) -> tuple[FileChange, ...]:
    """The files of the generated package that differ from what `existing` holds.

    Paths are posix, below the project's root; `existing` gets them and answers with
    the content or None. A file that the team changed since it was generated is left
    alone (see `edited_files`). `finished` renders the state after `migrate finish`: no
    shim beside the scheduler; the Celery application stays while the inventory has
    one. PlanError names an option of the plan that cannot be used.
    """
    from migrator.render.background import background_package
    from migrator.render.cronjob import cronjob_package
    from migrator.render.ledger import with_ledger
    from migrator.render.package import scheduler_package

    files = background_package(plan, inventory, existing, finished=finished)
    files |= cronjob_package(plan, inventory, finished=finished)
    files |= scheduler_package(plan, inventory, finished=finished)
    paths = {f"{plan.package_path}/{name}": data for name, data in files.items()}
    reasons = _reasons(plan)
    return tuple(
        FileChange(path, before, after, reasons)
        for path, before, after in with_ledger(plan.package_path, paths, existing)
    )


def edited_files(
    plan: Plan, *, existing: Callable[[str], bytes | None]
) -> tuple[str, ...]:
    """Generated files that the team has changed since: `render` leaves them alone."""
    from migrator.render.ledger import edited

    return edited(plan.package_path, existing)


def is_needed(plan: Plan) -> bool:
    """Whether the plan asks for anything that is generated."""
    from migrator.render.background import wants_endpoint

    generated = {Target.APSCHEDULER, Target.CRONJOB}
    has_jobs = any(schedule.target in generated for schedule in plan.schedules)
    return has_jobs or any(wants_endpoint(task) for task in plan.tasks)


def manual_steps(
    plan: Plan, inventory: Inventory, *, existing: Callable[[str], bytes | None]
) -> tuple[ManualStep, ...]:
    """What people have to do so that what moves is started and called."""
    from migrator.render.runner_steps import runner_steps
    from migrator.render.steps import steps_of

    generated = steps_of(plan, inventory, existing) if is_needed(plan) else ()
    return (*generated, *runner_steps(plan, inventory, existing))


def refusals(
    plan: Plan, inventory: Inventory, *, existing: Callable[[str], bytes | None]
) -> tuple[Refusal, ...]:
    """Tasks and schedules for which what the plan asks cannot be generated, and why."""
    from migrator.render.background import background_refusals
    from migrator.render.cronjob import cronjob_refusals
    from migrator.render.edited import unlisted_entries

    endpoints = background_refusals(plan, inventory, existing)
    unlisted = unlisted_entries(plan, existing)
    return (*endpoints, *cronjob_refusals(plan), *unlisted)


def _reasons(plan: Plan) -> tuple[str, ...]:
    moving = {task.definition.name for task in plan.tasks if task.moves}
    return tuple(
        sorted({s.entry.name for s in plan.schedules if s.entry.task in moving})
    )


__all__ = ["edited_files", "is_needed", "manual_steps", "refusals", "render"]
