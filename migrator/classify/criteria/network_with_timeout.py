"""One request that cannot hang.

A single call over the network, outside of loops, with a timeout at the call or at the
client that makes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import network_calls
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It makes one network call, with a timeout.",
    guidance="",
    example="""
    requests.get(url, timeout=5)
    """,
)
def network_with_timeout(context: TaskContext) -> Iterator[Finding]:
    found = list(network_calls(context))
    if len(found) == 1:
        call, depth, has_timeout = found[0]
        if has_timeout and not depth:
            yield signal(f"`{call.target}` with a timeout", call.location)
