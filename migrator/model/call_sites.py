"""Where a task is called, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.definitions import Option
from migrator.model.places import Location


class CallKind(StrEnum):
    DELAY = "delay"
    APPLY_ASYNC = "apply_async"
    DELAY_ON_COMMIT = "delay_on_commit"
    APPLY = "apply"
    SIGNATURE = "signature"  # .s .si .signature .subtask
    CANVAS = "canvas"  # member of chain/group/chord/chunks/map/starmap
    LINK = "link"  # link=, link_error=, .link(), .on_error()
    SEND_TASK = "send_task"
    RETRY = "retry"
    REPLACE = "replace"
    DIRECT = "direct"  # a plain call of the task function
    VALUE = "value"  # the task, or its bound method, passed as a value
    RESULT = "result"  # AsyncResult(...), .get() on a result, update_state
    CONTROL = "control"  # revoke, inspect, ...
    MOCK = "mock"  # the string "mod.task.delay" in a patch()


# Questions about a run, and the run's own retry.
NOT_CALLERS = frozenset(
    {CallKind.MOCK, CallKind.CONTROL, CallKind.RESULT, CallKind.RETRY}
)


@dataclass(frozen=True, slots=True)
class CallSite:
    kind: CallKind
    location: Location
    task: str | None  # the task's name; None: see the blind spot at this place
    enclosing: str  # qualified name of the function around it, or the module
    source: str  # one line, shortened
    options: tuple[Option, ...] = ()  # keywords of apply_async and the like
    positional: int = 0  # number of positional arguments
    in_tests: bool = False
    loop_depth: int = 0
    loop_iterates: str = ""  # source of the innermost iterable
    result_used: str = "discarded"  # discarded | assigned | returned | argument | value
    detail: str = ""  # e.g. the canvas primitive, "get", "revoke", the attribute passed
    handed_over: bool = False  # the task is a parameter: its callers name it
    handler: str = (
        ""  # framework of the request handler it stands in: fastapi|django|flask
    )

    @property
    def is_caller(self) -> bool:
        """Whether it makes the task run, or may, outside tests and its own body."""
        return self.kind not in NOT_CALLERS and not self.in_tests
