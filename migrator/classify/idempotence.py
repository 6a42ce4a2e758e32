"""Whether a body may run twice without harm, as far as its calls show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.deeds import (
    has_http_client,
    is_delete,
    is_external_write,
    is_query,
)
from migrator.classify.vocabulary import method, receiver

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext
    from migrator.model import Call


def repeatable_call(context: TaskContext) -> Call | None:
    """The call that makes the task repeatable; None where another one spoils it.

    Repeatable: it deletes, updates, upserts, or gets or creates, and it neither adds
    rows nor sends anything; every call is known.
    """
    has_client = has_http_client(context)
    found: Call | None = None
    if context.enqueues or context.unknown_costs:
        return None
    for call, _ in context.calls:
        if is_external_write(call, has_client=has_client) or _repeats(call):
            return None
        if found is None and _is_idempotent(call):
            found = call
    return found


def _is_idempotent(call: Call) -> bool:
    name = method(call.target)
    if name == "update":
        return is_query(call)
    return is_delete(call) or name in words.IDEMPOTENT - words.DELETES


def _repeats(call: Call) -> bool:
    name = method(call.target)
    if name not in words.REPEATING:
        return False
    is_row = "session" in call.target or "objects" in call.target
    return is_row or receiver(call.target) in {"db", "tx", "conn", "connection"}
