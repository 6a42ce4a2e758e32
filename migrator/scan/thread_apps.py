"""Calls of shared tasks from threads that know no Celery application.

Celery's current application is kept per thread. `Celery(...)` sets it in the thread
that imports it, and `shared_task` asks for it at each call. FastAPI runs a `def`
handler in a thread of a pool: there `.delay()` finds a default application, whose
broker is AMQP on localhost, unless the project's own has called `set_default()`.
See `celery._state`, `celery.app.base.Celery.set_default`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import BlindSpot, CallKind, DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrator.model import CallSite, TaskDefinition
    from migrator.scan.facts import FileFacts

SENDING = frozenset(
    {CallKind.DELAY, CallKind.APPLY_ASYNC, CallKind.SIGNATURE, CallKind.VALUE}
)
KIND = "application-by-thread"


def calls_without_app(
    files: Sequence[FileFacts],
    tasks: Iterable[TaskDefinition],
    sites: Iterable[CallSite],
) -> list[BlindSpot]:
    """One for the first such call of each file, which tells how many there are."""
    if any(call.chain[-1] == "set_default" for one in files for call in one.calls):
        return []
    shared = {task.name for task in tasks if task.kind is DefinitionKind.SHARED}
    facts = {one.path: one for one in files}
    found: dict[str, list[CallSite]] = {}
    for site in sites:
        is_sent = site.kind in SENDING and site.handler == "fastapi"
        if is_sent and site.task in shared and not site.in_tests:
            path = site.location.path
            if _runs_in_a_thread(facts[path], site):
                found.setdefault(path, []).append(site)
    return [_spot(calls) for calls in found.values()]


def _runs_in_a_thread(facts: FileFacts, site: CallSite) -> bool:
    """FastAPI awaits an `async def` in the thread that imported the application."""
    index = facts.by_qualname.get(site.enclosing.removeprefix(f"{facts.module}."))
    return index is not None and not facts.definitions[index].is_async


def _spot(calls: list[CallSite]) -> BlindSpot:
    more = f", and {len(calls) - 1} more in this file" if len(calls) > 1 else ""
    reason = (
        "a shared task that is sent from a thread of FastAPI's pool finds no "
        f"application, and sends to AMQP on localhost: call app.set_default(){more}"
    )
    return BlindSpot(KIND, calls[0].location, calls[0].source, reason)
