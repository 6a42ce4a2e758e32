"""Where a task enqueues others in a loop, and how long that loop is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.bounds import Bound, bound_of
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import CallSite, FunctionFacts


def fan_outs(context: TaskContext) -> Iterator[tuple[CallSite, Bound]]:
    """Each enqueueing call that stands in a loop, with the bound of that loop."""
    handed_on = context.does(CallKind.VALUE)
    for site in dict.fromkeys((*context.enqueues, *handed_on)):
        if site.loop_depth:
            yield site, loop_bound(context, site.enclosing, site.loop_iterates)


def loop_bound(context: TaskContext, function: str, iterates: str) -> Bound:
    """The bound of a loop in a function within reach."""
    facts = _facts(context, function)
    if facts is not None and any(
        loop.kind == "while" and loop.iterates == iterates for loop in facts.loops
    ):
        return Bound.ENDLESS
    is_own = facts is context.task.body
    parameters = {p.name for p in context.task.parameters} if is_own else set()
    return bound_of(iterates, facts, parameters)


def _facts(context: TaskContext, function: str) -> FunctionFacts | None:
    for reached in context.reach.functions:
        if reached.facts.qualified_name == function:
            return reached.facts
    return None
