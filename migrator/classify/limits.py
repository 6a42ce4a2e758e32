"""Time limits, large loops, and how long a run may be expected to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.bounds import Bound
from migrator.classify.deeds import (
    has_http_client,
    is_costly,
    network_calls,
    touches_store,
)
from migrator.classify.fan_out import fan_outs, loop_bound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Loop

SHORT = 30.0
LONG = 300.0
LIMIT_OPTIONS = ("soft_time_limit", "time_limit")
# What a request may take where its timeout is not written at the call.
USUAL_TIMEOUT = 10.0
# What a body without requests, loops and unknowns takes at most.
PLAIN_RUN = 1.0


def literal_limits(context: TaskContext) -> Iterator[tuple[str, float]]:
    """Explicit limits in seconds that are this task's own and no habit of the house."""
    for name in LIMIT_OPTIONS:
        option = context.option(name)
        if option is None or context.is_habit(name):
            continue
        if isinstance(option.value, int | float) and not isinstance(option.value, bool):
            yield name, float(option.value)


def large_loops(context: TaskContext) -> Iterator[tuple[Loop, Bound]]:
    """Loops over queries or without an end, that do more than enqueue."""
    fan_out = {site.loop_iterates for site, _ in fan_outs(context)}
    for reached in context.reach.functions:
        for loop in reached.facts.loops:
            bound = loop_bound(context, reached.facts.qualified_name, loop.iterates)
            if bound in {Bound.QUERY, Bound.ENDLESS} and loop.iterates not in fan_out:
                yield loop, bound


def busy_loop(context: TaskContext) -> Loop | None:
    """A loop of unread length, where something in a loop makes a round trip."""
    has_client = has_http_client(context)
    if not any(
        depth and touches_store(call, has_client=has_client)
        for call, depth in context.calls
    ):
        return None
    for reached in context.reach.functions:
        for loop in reached.facts.loops:
            bound = loop_bound(context, reached.facts.qualified_name, loop.iterates)
            if bound in {Bound.GIVEN, Bound.UNREAD}:
                return loop
    return None


def expected_seconds(context: TaskContext) -> float | None:
    """Measured, or limited by options or timeouts; None where nothing tells."""
    if context.evidence is not None and context.evidence.p95 is not None:
        return context.evidence.p95
    limits = [seconds for _, seconds in literal_limits(context)]
    if limits:
        return min(limits)
    if busy_loop(context) or any(large_loops(context)) or context.unknown_costs:
        return None
    if any(is_costly(call) for call, _ in context.calls):
        return None
    requests = list(network_calls(context))
    if any(depth or not has_timeout for _, depth, has_timeout in requests):
        return None
    return PLAIN_RUN + USUAL_TIMEOUT * len(requests)
