"""A request that may hang for ever.

`requests` waits without an end where no timeout is given, and so do sockets. In a
worker that blocks one child; in a runner it takes one of few threads. How long it takes
is therefore unknown, and so it is with a timeout above 30 seconds; the task is never
light by itself until it has been measured.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.classify.deeds import LONG_WAIT, network_calls, waits_long
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


# Wait 5 seconds and 5 minutes where nothing is said.
HAVE_DEFAULTS = frozenset({"httpx", "aiohttp"})


@criterion(
    Kind.SIGNAL,
    is_measurable=True,
    summary="It makes a network call without a timeout, or with a long one.",
    guidance="Add a timeout to the call.",
    example="""
    requests.get(url)
    """,
)
def network_without_timeout(context: TaskContext) -> Iterator[Finding]:
    for call, _, has_timeout in network_calls(context):
        first = call.target.partition(".")[0]
        if waits_long(call):
            text = f"`{call.target}` may wait longer than {LONG_WAIT:.0f} s"
            yield replace(signal(text, call.location), is_unknown=True)
        elif not has_timeout and first not in HAVE_DEFAULTS:
            text = f"`{call.target}` without a timeout"
            yield replace(signal(text, call.location), is_unknown=True)
