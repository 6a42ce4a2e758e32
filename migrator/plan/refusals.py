"""Why a task cannot move whatever a person decides: the shim could not serve it.

The shim refuses these when the task is registered, which would stop the user's program
at import. The plan refuses them first (a test holds the two lists together).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Accept, CallKind, DefinitionKind, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import CallSite, Option, PlannedTask, TaskDefinition

BY_HAND = {
    DefinitionKind.CLASS: "a class-based task is rewritten by hand",
    DefinitionKind.CALL: "a task made by a plain call is rewritten by hand",
}
# option: the values that mean Celery's default, as source text.
NOT_SERVED = {
    "time_limit": {"None"},
    "soft_time_limit": {"None"},
    "rate_limit": {"None"},
    "serializer": {"None", "'json'", '"json"'},
    "Request": {"None"},
    "Strategy": {"None"},
}
WITH_OPTIONS = {CallKind.APPLY_ASYNC, CallKind.SIGNATURE, CallKind.SEND_TASK}


def refusal(definition: TaskDefinition, calls: Iterable[CallSite]) -> str:
    """The reason with its place, or an empty text. `calls` are those of the task."""
    if definition.kind in BY_HAND:
        return BY_HAND[definition.kind]
    if option := _not_served(definition.options):
        return f"{option} needs a worker ({definition.location})"
    for call in calls:
        if call.kind in WITH_OPTIONS and (option := _not_served(call.options)):
            return f"a caller gives {option}, which needs a worker ({call.location})"
    return ""


def why_it_stays(task: PlannedTask) -> str:
    """The reason why an accepted task does not move all the same, or an empty text."""
    if task.accept is not Accept.YES or task.definition.is_light:
        return ""
    if task.target is Target.CELERY and not task.refusal:
        return f"accepted, but its target is celery: set {_place(task)} in the plan"
    return task.refusal


def _place(task: PlannedTask) -> str:
    """The target that the verdict names, or would name if the task were light."""
    best = task.verdict.target
    if best is Target.CELERY:
        best = task.verdict.runner_up or Target.RUNNER
    return f'target = "{best}"'


def _not_served(options: Iterable[Option]) -> str:
    for option in options:
        defaults = NOT_SERVED.get(option.name)
        if defaults is not None and option.source not in defaults:
            return f"{option.name}={option.source}"
    return ""
