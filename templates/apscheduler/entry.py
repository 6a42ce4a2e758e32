"""What a schedule entry is: the job, when it runs, and under which limits.

The file is yours to change. The entries themselves stand in entries.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from apscheduler.triggers.base import BaseTrigger

PRIORITIES = ("high", "default", "low")
ASYNC = "async"  # the executor of `async def` jobs: the event loop itself


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One periodic job. Its `id` names it in every store: do not reuse ids.

    `job` is text, "module:function", so that the job store holds no code. All times
    are seconds. `max_instances` bounds the runs of this entry at one time in one
    process; `no_overlap` allows one over all processes.
    """

    id: str
    task: str
    job: str
    trigger: BaseTrigger
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    priority: str = "default"
    timeout: float = 30.0
    expires: float | None = None  # a run that could not start by then is dropped
    grace: float = 60.0  # a run that is later than this makes /health answer 503
    max_instances: int = 8
    no_overlap: bool = False
    may_run_again: bool = False  # after its process died; the body must bear a repeat
    breaker_failures: int = 0  # in a row, until the entry pauses; 0: never
    breaker_pause: float = 300.0
    is_enabled: bool = True
    last_run: datetime | None = None  # by beat, before this scheduler took over

    @property
    def definition(self) -> str:
        """Changes when the job has to be scheduled anew."""
        trigger = self.trigger.__getstate__()
        facts = (
            self.job,
            self.args,
            sorted(self.kwargs.items()),
            repr(self.trigger),
            sorted((key, str(value)) for key, value in trigger.items()),
            self.priority,
            self.max_instances,
            self.is_enabled,
        )
        return hashlib.blake2b(repr(facts).encode(), digest_size=6).hexdigest()
