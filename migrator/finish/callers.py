"""What of a task's callers keeps it a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Callers, CallKind
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import CallSite, Location, PlannedTask

Reason = tuple["Location", str]

SENDING = frozenset({CallKind.DELAY, CallKind.APPLY_ASYNC})
# No use of the task: a test's path to it is a manual step, not a reason.
NO_USE = frozenset({CallKind.MOCK, CallKind.CONTROL})
WHY = {
    CallKind.APPLY: "`.apply()` gives its caller a result object",
    CallKind.CANVAS: "it is part of a chain, group or chord",
    CallKind.DELAY_ON_COMMIT: "it is sent when a transaction commits",
    CallKind.LINK: "it is called when another task ends",
    CallKind.REPLACE: "it replaces itself by a signature",
    CallKind.RESULT: "a result is read, or its state is set",
    CallKind.RETRY: "its body asks for a retry",
    CallKind.SEND_TASK: "it is sent by its name",
    CallKind.SIGNATURE: "a signature is made of it",
    CallKind.VALUE: "it, or its method, is passed on as a value",
}
# Options of apply_async that say nothing about when or whether the body runs.
HARMLESS = frozenset({"args", "kwargs", "ignore_result"})
CHOICE = 'write callers = "direct" or "background" into its stanza of migrate.toml'
BY_NAME = "its name is passed on as text, and it may be sent by it"
JOB = (
    "a date job of APScheduler is taken out of its store before it has run: a crash "
    "would lose the call, which the shim keeps"
)


def caller_reasons(
    task: PlannedTask, sites: Iterable[CallSite], package_path: str
) -> Iterator[Reason]:
    """Each reason with its place; none: every call has a native form.

    `package_path` is the folder of the generated package, which is made anew.
    """
    undecided = []
    for site in sites:
        if _is_label(task, site, package_path):
            continue
        if site.kind in SENDING and not site.detail:
            yield from _of_call(task, site)
            if task.callers is None and not site.in_tests:
                undecided.append(site)
        elif why := _other_use(site):
            yield site.location, why
    if undecided:
        count = counted(len(undecided), "call")
        yield undecided[0].location, f"{count} of it, and no decision: {CHOICE}"


def _is_label(task: PlannedTask, site: CallSite, package_path: str) -> bool:
    """Whether the name stands at its own definition, or in what we generated."""
    if site.kind is not CallKind.VALUE or site.detail != "name":
        return False
    place, definition = site.location, task.definition
    is_own = place.path == definition.location.path and (
        definition.decorator.line <= place.line <= definition.location.line
    )
    return is_own or place.path.startswith(f"{package_path}/")


def _other_use(site: CallSite) -> str:
    """Why a use that is not the sending of the task keeps it one; "": it does not."""
    if site.kind in NO_USE:
        return ""
    if site.kind is CallKind.DIRECT:
        return f"`.{site.detail}` of the task is called" if site.detail else ""
    if site.kind in SENDING:
        return WHY[CallKind.SIGNATURE]
    if site.kind is CallKind.VALUE and site.detail == "name":
        return BY_NAME
    return WHY[site.kind]


def _of_call(task: PlannedTask, site: CallSite) -> Iterator[Reason]:
    place = site.location
    form = Callers.DIRECT if site.in_tests else task.callers
    if site.result_used != "discarded":
        yield place, f"its caller uses the result of the call ({site.result_used})"
    for option in site.options:
        if site.kind is CallKind.DELAY or option.name in HARMLESS:
            continue
        yield place, f"a plain call has no {option.name}={option.source}"
    if site.kind is CallKind.APPLY_ASYNC and site.positional > 2:  # noqa: PLR2004 - args and kwargs
        yield place, "apply_async is given more than args and kwargs by place"
    if form is Callers.JOB:
        yield place, JOB
    if form is Callers.BACKGROUND and site.handler != "fastapi":
        yield place, 'callers = "background", and it stands in no FastAPI handler'
    if form is Callers.DIRECT and task.definition.is_async:
        yield place, "a plain call of an `async def` would not run its body"
