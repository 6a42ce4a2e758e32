"""Where a task goes, why, and what came second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.classify.endpoints import no_endpoint
from migrator.classify.periods import MINUTE, fits_kubernetes, shortest_period
from migrator.model import CallKind, Level, Target
from migrator.wording import counted

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext
    from migrator.classify.overrides import Decision
    from migrator.model import CallSite

CRONJOB_PERIOD = 5 * MINUTE
ENQUEUED = (
    CallKind.DELAY,
    CallKind.APPLY_ASYNC,
    CallKind.DELAY_ON_COMMIT,
    CallKind.VALUE,
)


@dataclass(frozen=True, slots=True)
class Choice:
    target: Target
    reason: str
    runner_up: Target | None = None
    runner_up_reason: str = ""


def choose_target(
    context: TaskContext, level: Level, decision: Decision | None
) -> Choice:
    """Light tasks move; the others stay, and review names what it would be."""
    if decision is not None and decision.level is None:
        because = f": {decision.reason}" if decision.reason else ""
        return Choice(Target.CELERY, f"ignored by {decision.origin}{because}")
    light = _light_target(context)
    if level is Level.LIGHT:
        return light
    if level is Level.HEAVY:
        return Choice(Target.CELERY, "heavy work stays where it is")
    return Choice(
        Target.CELERY,
        "stays until a person has decided",
        light.target,
        f"would be its place if it is light: {light.reason}",
    )


def _light_target(context: TaskContext) -> Choice:
    return _periodic(context) if context.schedules else _on_demand(context)


def _periodic(context: TaskContext) -> Choice:
    refusal = _no_cronjob(context)
    callers = sum(1 for _ in context.called_as(*ENQUEUED))
    also = f"; {_through_the_shim(callers)}" if callers else ""
    if not refusal:
        return Choice(
            Target.CRONJOB,
            f"periodic, and Kubernetes manifests are here{also}",
            Target.APSCHEDULER,
            "a CronJob needs no process that waits, and the cluster is here already",
        )
    return Choice(
        Target.APSCHEDULER, f"periodic and light{also}", Target.CRONJOB, refusal
    )


def _no_cronjob(context: TaskContext) -> str:
    """Why no CronJob, or an empty text."""
    if not context.project.inventory.has_kubernetes:
        return "no Kubernetes manifests were found"
    for entry in context.schedules:
        period = shortest_period(entry)
        if period is None:
            return f"the schedule {entry.name!r} could not be read"
        if period < CRONJOB_PERIOD:
            return f"every {period:g} s is too often to start a container"
        if refusal := fits_kubernetes(entry):
            return refusal
    return ""


def _on_demand(context: TaskContext) -> Choice:
    calls = list(context.called_as(*ENQUEUED))
    in_fastapi = [call for call in calls if call.handler == "fastapi"]
    if in_fastapi:
        return _from_fastapi(context, calls, in_fastapi[0])
    many = f"{len(calls)} call sites" if calls else "no caller was found"
    return Choice(
        Target.RUNNER,
        f"called on demand ({many})",
        Target.CELERY,
        "the work is light, and the runner keeps its callers as they are",
    )


def _from_fastapi(
    context: TaskContext, calls: list[CallSite], call: CallSite
) -> Choice:
    """An endpoint beside the callers, which the shim serves as it does a runner's."""
    where = f"called from a FastAPI handler ({call.location})"
    delayed = "some calls are delayed, which a restart would forget"
    if obstacle := no_endpoint(context) or (delayed if _has_delay(calls) else ""):
        return Choice(
            Target.RUNNER,
            f"called on demand ({len(calls)} call sites)",
            Target.BACKGROUND,
            f"{where}, but {obstacle}",
        )
    return Choice(
        Target.BACKGROUND,
        f"{where}; {_through_the_shim(len(calls))}",
        Target.RUNNER,
        "it would serve the callers as well, without an endpoint to call from outside",
    )


def _has_delay(calls: list[CallSite]) -> bool:
    return any(
        option.name in {"countdown", "eta"} for call in calls for option in call.options
    )


def _through_the_shim(callers: int) -> str:
    if callers == 1:
        return "its caller goes through the shim"
    return f"its {counted(callers, 'caller')} go through the shim"
