"""One run of a job: claim the slot, run the body within its limits, note the outcome.

The file is yours to change. The order in `_run_slot` is what keeps a slot from
running twice: nothing of the body may come before the claim.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import SQLAlchemyError

from . import config, metrics, pings
from .breaker import Breaker
from .locks import Lease, StoreDownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from .entry import Entry
    from .locks import LockStore
    from .state import JobStates

logger = logging.getLogger(__name__)

EXPIRED = "expired"
DOUBTFUL = "doubtful"  # it may have run, before the store forgot its claims


class SkippedError(Exception):
    """The slot does not run, on purpose; the outcome says why."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class TakenError(Exception):
    """Another replica runs the slot, or it has run before."""


class SlotStore(Protocol):
    """Who keeps the time: it learns what became of a slot, and knows the next run."""

    def settled(self, job_id: str, slot: datetime, *, is_ours: bool) -> None:
        """The slot needs no further try."""

    def next_run(self, job_id: str) -> datetime | None:
        """When the job is due next, where that is known here."""


class RunMemory(Protocol):
    """Who knows of a run when its process has died; unfinished.py of a scheduler."""

    def open(self, entry: str, slot: datetime) -> bool:
        """Remember the run from now on. True: a process that died had begun it."""

    def leave(self, entry: str, slot: datetime) -> None:
        """It does not run here."""

    def close(self, entry: str, slot: datetime) -> None:
        """The body has ended."""

    def hand_back(self, entry: str, slot: datetime) -> None:
        """Somebody else is to run it."""


@dataclass(eq=False, slots=True)
class Run:
    """What a job can know about the run it is in, by `current_run()`."""

    job: str
    slot: datetime  # the scheduled time, UTC; not the time of the start
    lease: Lease | None = None  # of an entry with no_overlap; see `lost` and `fence`
    is_again: bool = False  # a process died in it before; only with may_run_again
    started: float = field(default_factory=time.monotonic)


_current: ContextVar[Run | None] = ContextVar("current_run", default=None)


def current_run() -> Run | None:
    """The run that the calling job is in; None outside of the scheduler."""
    return _current.get()


@contextmanager
def entered(run: Run) -> Iterator[None]:
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


class Runner:
    """Admits slots to the executors and notes their end. Any thread may call it."""

    def __init__(
        self,
        *,
        entries: tuple[Entry, ...],
        locks: LockStore,
        states: JobStates,
        store: SlotStore,
        unfinished: RunMemory,
        clock: Callable[[], datetime] = config.utcnow,
    ) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._locks = locks
        self._states = states
        self._store = store
        self._unfinished = unfinished
        self._clock = clock
        self._breaker = Breaker(states, clock)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._runs: set[Run] = set()
        self._reported: set[Run] = set()
        self._guard = Lock()
        self.is_stopping = False
        for entry in entries:
            metrics.known(entry.id, entry.timeout, entry.grace)

    @property
    def running(self) -> int:
        """Runs under way in this process."""
        return len(self._runs)

    def timeout(self, job: str) -> float | None:
        entry = self._entries.get(job)
        return None if entry is None else entry.timeout

    def begin(self, job: str, slot: datetime) -> Run | None:
        """The run to carry out, or None: nothing to do, and that is noted."""
        run = Run(job, slot)
        with self._guard:
            if self.is_stopping:
                return None  # not settled: whoever starts next finds the slot open
            self._runs.add(run)
        try:
            self._admit(run)
        except TakenError:
            self._forget(run)
            self._unfinished.leave(job, slot)
            return None
        except SkippedError as skipped:
            self._forget(run)
            self._skipped(run, skipped.outcome)
            return None
        if run.is_again:
            logger.warning("runs again", extra=self._facts(run))
        lateness = (self._clock() - slot).total_seconds()
        metrics.started(job, lateness)
        pings.send(job, "start")
        logger.debug("started", extra=self._facts(run, lateness=lateness))
        return run

    def _skipped(self, run: Run, outcome: str) -> None:
        if run.is_again and outcome != EXPIRED:
            logger.warning("not yet again: %s", outcome, extra=self._facts(run))
            self._unfinished.hand_back(run.job, run.slot)
            return
        self._unfinished.leave(run.job, run.slot)
        is_certain = run.is_again or outcome == DOUBTFUL
        self.missed(run.job, run.slot, outcome, is_certain=is_certain)

    def _admit(self, run: Run) -> None:
        try:
            died_before = self._unfinished.open(run.job, run.slot)
            run.is_again = died_before and self.may_run_again(run.job)
            self._claim(run)
            entry = self._entries.get(run.job)
            if entry is not None:
                self._check(entry, run)
            self._states.started(
                run.job,
                run.slot,
                now=self._clock(),
                next_run=self._store.next_run(run.job),
                runner=self._name,
            )
        except StoreDownError as error:
            raise SkippedError("store-down") from error
        except SQLAlchemyError as error:
            raise SkippedError("database-down") from error

    def _claim(self, run: Run) -> None:
        began = time.monotonic()
        is_ours = True
        try:
            claim = self._locks.claim(run.job, run.slot, self._clock())
            is_ours = claim.is_ours
        finally:
            self._store.settled(run.job, run.slot, is_ours=is_ours)
            metrics.due(run.job, self._store.next_run(run.job))
        metrics.claimed(run.job, time.monotonic() - began, is_ours=is_ours)
        if is_ours and claim.is_doubtful:
            state = self._states.get(run.job)
            last = None if state is None else state.last_slot
            if last is not None and last > run.slot:
                raise SkippedError(DOUBTFUL)
            is_ours = last != run.slot
        if not is_ours and not run.is_again:
            raise TakenError

    def _check(self, entry: Entry, run: Run) -> None:
        lateness = (self._clock() - run.slot).total_seconds()
        if entry.expires is not None and lateness > entry.expires:
            raise SkippedError(EXPIRED)
        if not self._breaker.admits(entry):
            raise SkippedError("breaker-open")
        if entry.no_overlap:
            lease = Lease(self._locks, entry.id)
            if not lease.try_acquire():
                raise SkippedError("overlap")
            run.lease = lease

    def end(self, run: Run, error: BaseException | None) -> None:
        """Note how the run ended; never raises because a store is down."""
        if self.is_stopping and isinstance(error, asyncio.CancelledError):
            self._unfinished.hand_back(run.job, run.slot)
        else:
            self._unfinished.close(run.job, run.slot)
        duration = time.monotonic() - run.started
        outcome = self._outcome(run, error, duration)
        metrics.ended(run.job, outcome, duration, is_success=error is None)
        pings.send(run.job, "success" if error is None else "fail")
        facts = self._facts(run, duration=round(duration, 6), outcome=outcome)
        if error is None:
            logger.info("done", extra=facts)
        else:
            logger.error("failed", extra=facts, exc_info=error)
        try:
            self._note(run, error, outcome, duration)
        except SQLAlchemyError as failure:
            self._not_stored("outcome", run.job, failure)
        finally:
            self._forget(run)

    def _outcome(self, run: Run, error: BaseException | None, duration: float) -> str:
        limit = self.timeout(run.job)
        is_over = limit is not None and duration >= limit
        if error is None:
            return "overran" if is_over else "success"
        return "timeout" if is_over and isinstance(error, TimeoutError) else "failure"

    def _note(
        self, run: Run, error: BaseException | None, outcome: str, duration: float
    ) -> None:
        entry = self._entries.get(run.job)
        if error is None:
            now = self._clock()
            self._states.succeeded(run.job, outcome, now=now, duration=duration)
        else:
            self._states.failed(run.job, outcome, duration=duration)
        if entry is not None:
            note = self._breaker.succeeded if error is None else self._breaker.failed
            note(entry)

    def _forget(self, run: Run) -> None:
        if run.lease is not None:
            try:
                run.lease.release()
            except StoreDownError as error:
                logger.warning("lock of %s lapses by itself: %s", run.job, error)
        with self._guard:
            self._runs.discard(run)
            self._reported.discard(run)

    def missed(
        self,
        job: str,
        slot: datetime,
        outcome: str,
        *,
        slots: int = 1,
        is_certain: bool = False,
    ) -> None:
        """Count slots that do not run, the last of them being `slot`."""
        facts = {"job": job, "slot": slot.isoformat(), "outcome": outcome}
        logger.warning("missed %d of %s: %s", slots, job, outcome, extra=facts)
        next_run = self._store.next_run(job)
        metrics.missed(job, outcome, slots)
        metrics.due(job, next_run)
        try:
            self._states.missed(job, slot, outcome, slots=slots, is_certain=is_certain)
            self._states.passed(job, next_run)
        except SQLAlchemyError as error:
            self._not_stored("miss", job, error)

    def passed_over(self, job: str, slots: Sequence[datetime], outcome: str) -> None:
        """Claim what no replica has run, so that it is counted, and once."""
        for slot in slots:
            try:
                claim = self._locks.claim(job, slot, self._clock())
            except StoreDownError:
                self.missed(job, slot, "store-down")
                continue
            if claim.is_ours:
                self.missed(job, slot, outcome, is_certain=True)

    def may_run_again(self, job: str) -> bool:
        """Whether a slot of the job is repeated when its process died."""
        entry = self._entries.get(job)
        return entry is not None and entry.may_run_again

    def died(self, job: str, slot: datetime) -> None:
        """Count a slot whose process died: it began to run, or was about to."""
        self.missed(job, slot, "died", is_certain=True)
        self._unfinished.close(job, slot)

    def _not_stored(self, what: str, job: str, error: Exception) -> None:
        # Statement and parameters, which the error's text holds, stay out of logs.
        logger.error("%s of %s not stored: %s", what, job, type(error).__name__)

    def report_overdue(self) -> None:
        """Log each run once that is past its timeout. A thread cannot be ended."""
        now = time.monotonic()
        with self._guard:
            runs = self._runs - self._reported
        for run in runs:
            limit = self.timeout(run.job)
            if limit is not None and now - run.started > limit:
                self._reported.add(run)
                logger.error("past its timeout", extra=self._facts(run, limit=limit))

    def report_left(self) -> None:
        """Name the runs that the end of the process cuts short, or that outlive it."""
        with self._guard:
            runs = list(self._runs)
        for run in runs:
            duration = round(time.monotonic() - run.started, 3)
            facts = self._facts(run, duration=duration)
            logger.error("did not end within the grace period", extra=facts)

    def _facts(self, run: Run, **more: object) -> dict[str, object]:
        return {"job": run.job, "slot": run.slot.isoformat(), **more}
