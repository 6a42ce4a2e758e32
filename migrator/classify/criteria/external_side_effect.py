"""Somebody outside notices each run.

A mail, a webhook, a charge: a second run is a second mail. The task needs the claim of
its slot, or an idempotency key at the receiver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import has_http_client, is_external_write
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It has an effect outside the program.",
    guidance="Send an idempotency key where the receiver takes one.",
    example="""
    requests.post(hook.url, json=event, timeout=5)
    """,
)
def external_side_effect(context: TaskContext) -> Iterator[Finding]:
    has_client = has_http_client(context)
    for call, _ in context.calls:
        if is_external_write(call, has_client=has_client):
            yield signal(f"`{call.target}` is noticed outside", call.location)
            return
