"""Follows a task's calls into the project's own functions.

A three-line task that calls a thousand-line service is judged by what the service
does. Breadth first, each function once, so recursion ends; bounded in depth and
number, and what was cut off is said.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from migrator.model import Call, FunctionFacts

MAX_DEPTH = 6
MAX_FUNCTIONS = 200


@dataclass(frozen=True, slots=True)
class Reached:
    facts: FunctionFacts
    depth: int  # 0: the task's own body
    loop_depth: int = 0  # loops around the calls that lead here


@dataclass(frozen=True, slots=True)
class Reach:
    functions: tuple[Reached, ...] = ()
    cut_off: tuple[Call, ...] = ()  # calls that lay beyond the bounds

    @property
    def statements(self) -> int:
        return sum(reached.facts.statements for reached in self.functions)


def follow(
    body: FunctionFacts, functions: Mapping[str, FunctionFacts], extra: tuple[str, ...]
) -> Reach:
    """Everything that `body` runs, as far as it is in `functions`.

    `extra` are names that run around the body: project decorators.
    """
    start = Reached(body, 0)
    seen = {body.qualified_name}
    found = [start]
    cut_off: list[Call] = []
    for name in extra:
        if name in functions and name not in seen:
            seen.add(name)
            found.append(Reached(functions[name], 1))
    queue = deque(found)
    while queue:
        here = queue.popleft()
        for call, facts in _callees(here, functions):
            if facts.qualified_name in seen:
                continue
            if here.depth >= MAX_DEPTH or len(found) >= MAX_FUNCTIONS:
                cut_off.append(call)
                continue
            seen.add(facts.qualified_name)
            reached = Reached(facts, here.depth + 1, here.loop_depth + call.loop_depth)
            found.append(reached)
            queue.append(reached)
    return Reach(tuple(found), tuple(cut_off))


def _callees(
    here: Reached, functions: Mapping[str, FunctionFacts]
) -> Iterator[tuple[Call, FunctionFacts]]:
    for call in here.facts.calls:
        facts = resolve(call.target, here.facts, functions)
        if facts is not None:
            yield call, facts


def resolve(
    target: str, caller: FunctionFacts, functions: Mapping[str, FunctionFacts]
) -> FunctionFacts | None:
    """The project function that a call in `caller` runs, where it is known."""
    for name in _candidates(target, caller):
        if name in functions:
            return functions[name]
    return None


def _candidates(target: str, caller: FunctionFacts) -> Iterator[str]:
    first, _, rest = target.partition(".")
    owner = caller.qualified_name.rpartition(".")[0]
    if first in {"self", "cls"} and rest:
        yield f"{owner}.{rest}"
        return
    yield target
    yield f"{target}.__init__"
    yield f"{target}.__call__"
    yield f"{caller.qualified_name}.{target}"  # a function within the function
    yield f"{caller.qualified_name}.<locals>.{target}"
