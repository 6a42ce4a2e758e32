"""What of a task's callers keeps it a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Callers, CallKind

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
CHOICE = (
    'choose in its stanza of migrate.toml: callers = "direct" (the caller runs the '
    'body itself), "background" (FastAPI handlers run it after the answer; lost if '
    'the process dies first) or "job" (refused: a date job can be lost)'
)
JOB = (
    "a date job of APScheduler is taken out of its store before it has run: a crash "
    "would lose the call, which the shim keeps"
)


def caller_reasons(task: PlannedTask, sites: Iterable[CallSite]) -> Iterator[Reason]:
    """Each reason with its place; none: every call has a native form."""
    undecided = []
    for site in sites:
        if site.kind in SENDING and not site.detail:
            yield from _of_call(task, site)
            if task.callers is None and not site.in_tests:
                undecided.append(site)
        elif site.kind in SENDING:
            yield site.location, WHY[CallKind.SIGNATURE]
        elif site.kind is CallKind.DIRECT:
            if site.detail:
                yield site.location, f"`.{site.detail}` of the task is called"
        elif site.kind not in NO_USE:
            yield site.location, WHY[site.kind]
    if undecided:
        count = f"{len(undecided)} calls" if len(undecided) > 1 else "1 call"
        yield undecided[0].location, f"{count} of it, and no decision: {CHOICE}"


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
