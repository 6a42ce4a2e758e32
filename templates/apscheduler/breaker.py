"""A circuit breaker per entry: after many failures in a row it pauses the entry.

Closed: runs as scheduled. Open: its slots are dropped and counted as missed. After
the pause it is half open: one run is the probe, which closes or opens it again. The
state stands in the table of job states, so all replicas share it. Off for entries
with `breaker_failures=0`. The file is yours to change.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from . import metrics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .entry import Entry
    from .state import JobStates


class Breaker:
    def __init__(self, states: JobStates, clock: Callable[[], datetime]) -> None:
        self._states = states
        self._clock = clock

    def admits(self, entry: Entry) -> bool:
        """False while open; for the probe of a half-open breaker True, once."""
        if not entry.breaker_failures:
            return True
        state = self._states.get(entry.id)
        if state is None or state.open_until is None:
            return True
        now = self._clock()
        metrics.paused(entry.id, state.open_until.timestamp())
        if now < state.open_until:
            return False
        return self._states.probing(entry.id, state.open_until, self._pause(entry))

    def failed(self, entry: Entry) -> None:
        """After a failure was noted: open, if it was one too many."""
        if not entry.breaker_failures:
            return
        state = self._states.get(entry.id)
        if state is not None and state.failures >= entry.breaker_failures:
            until = self._pause(entry)
            self._states.opened(entry.id, until)
            metrics.paused(entry.id, until.timestamp())

    def succeeded(self, entry: Entry) -> None:
        """After a success was noted, which has closed it."""
        if entry.breaker_failures:
            metrics.paused(entry.id, 0.0)

    def _pause(self, entry: Entry) -> datetime:
        return self._clock() + timedelta(seconds=entry.breaker_pause)
