"""Whether a task can be called over HTTP, as far as its signature alone shows.

Stricter than the renderer, which reads the modules of the types as well: a task is not
to be given an endpoint by default that is refused afterwards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext

QUEUE_OPTIONS = ("autoretry_for", "retry_backoff", "retry_kwargs")
QUEUE_CALLS = frozenset({"retry", "replace", "update_state", "add_to_chord"})
# Types that come out of JSON as what they are.
WORDS = frozenset(
    {"int", "str", "float", "bool", "list", "dict", "None", "Any", "Optional", "Union"}
    | {"List", "Dict", "datetime", "date", "timedelta", "UUID", "Decimal"}
)
WORD = re.compile(r"[^\W\d]\w*")


def no_endpoint(context: TaskContext) -> str:
    """Why not, or an empty text."""
    task = context.task
    if any(context.option(name) is not None for name in QUEUE_OPTIONS):
        return "it retries by itself"
    body = task.body
    if body is not None and task.is_bound:
        names = {call.target.rpartition(".")[2] for call in body.calls}
        if body.request_attributes or names & QUEUE_CALLS:
            return "it counts its attempts, or looks at its request"
    for parameter in task.given_parameters:
        if parameter.kind.startswith("var-"):
            return f"its parameter {parameter.name} has no fixed shape"
        if set(WORD.findall(parameter.annotation)) - WORDS:
            return f"its parameter {parameter.name} is a {parameter.annotation}"
    return ""
