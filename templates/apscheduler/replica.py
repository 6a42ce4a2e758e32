"""A scheduler of which any number of replicas can run side by side.

It is APScheduler's AsyncIOScheduler with a job store, executors and a start that do
not assume to be alone. The file is yours to change.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC
from typing import TYPE_CHECKING, Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from . import config
from .entry import ASYNC, PRIORITIES
from .executors import SlotLoopExecutor, SlotThreadExecutor
from .locks import CLOCK_SKEW
from .reconcile import between, reconcile
from .runs import Runner
from .state import JobStates
from .store import ReplicaJobStore
from .unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from apscheduler.events import JobSubmissionEvent
    from apscheduler.job import Job

    from .entry import Entry
    from .locks import LockStore

logger = logging.getLogger(__name__)

# Per priority. More than max_instances of an entry, so that one that hangs leaves
# room for the others.
THREADS = {"high": 16, "default": 16, "low": 8}


class ReplicaScheduler(AsyncIOScheduler):  # type: ignore[misc]  # it is untyped
    """Brings its job store in line with the entries before it starts to work."""

    def __init__(
        self,
        entries: tuple[Entry, ...],
        locks: LockStore,
        clock: Callable[[], datetime],
    ) -> None:
        engine = config.engine()
        table = f"{config.NAMESPACE.replace('.', '_')}_jobs"
        self.store = ReplicaJobStore(engine=engine, tablename=table)
        self.states = JobStates(engine, config.NAMESPACE)
        self.unfinished = Unfinished(engine, config.NAMESPACE, entries)
        self.locks = locks
        self.entries = entries
        self.clock = clock
        self._questions: set[asyncio.Task[None]] = set()
        self.runner = Runner(
            entries=entries,
            locks=locks,
            states=self.states,
            store=self.store,
            unfinished=self.unfinished,
            clock=clock,
        )
        super().__init__(
            jobstores={"default": self.store},
            executors=self._create_executors(),
            # Stated, because APScheduler would drop a run that is a second late.
            job_defaults={
                "misfire_grace_time": None,
                "coalesce": True,
                "max_instances": 8,
            },
            timezone=UTC,
        )
        self.add_listener(self._count_skipped, EVENT_JOB_MAX_INSTANCES)

    def _create_executors(self) -> dict[str, Any]:
        executors: dict[str, Any] = {
            name: SlotThreadExecutor(self.runner, self.store, _threads(name))
            for name in PRIORITIES
        }
        executors[ASYNC] = SlotLoopExecutor(self.runner, self.store)
        return executors

    def start(self, paused: bool = False) -> None:  # noqa: FBT001, FBT002
        """Needs a running event loop. Raises where the database is not reachable."""
        super().start(paused=True)
        reconcile(self)
        if not paused:
            self.resume()
        loop = asyncio.get_running_loop()
        self.unfinished.keep(
            lambda *run: loop.call_soon_threadsafe(self._take_up, *run)
        )

    async def stop(self, grace: float) -> bool:
        """Start nothing new and wait for what runs; False: some of it still does."""
        self.runner.is_stopping = True
        self.pause()
        deadline = time.monotonic() + grace
        while self.runner.running and time.monotonic() < deadline:  # noqa: ASYNC110 - threads
            await asyncio.sleep(0.05)
        if self._questions:
            left = max(0.0, deadline - time.monotonic())
            await asyncio.wait(self._questions, timeout=left)
        has_ended = not self.runner.running
        self.runner.report_left()
        self.unfinished.end()
        self.shutdown(wait=False)
        await asyncio.sleep(0)  # the shutdown itself runs in the loop
        self.locks.close()
        return has_ended

    def _take_up(self, job_id: str, slot: datetime) -> None:
        """What a process has left that died while it ran the slot, or before."""
        job = self.store.lookup_job(job_id)
        if job is not None and self.runner.may_run_again(job_id):
            self._lookup_executor(job.executor).submit_again(job, slot)
        else:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, self.runner.died, job_id, slot)

    def passed_over(self, job: Job, taken: datetime) -> None:
        """Late: here only `taken` runs; the slots before it are left to others."""
        slots = between(job.trigger, job.next_run_time, taken)
        self.ask_later(job.id, slots, "coalesced")

    def _count_skipped(self, event: JobSubmissionEvent) -> None:
        slots = event.scheduled_run_times
        self.ask_later(event.job_id, slots, "max-instances")

    def ask_later(self, job_id: str, slots: list[datetime], outcome: str) -> None:
        """Count them as missed when no replica has taken them."""

        async def ask() -> None:
            # One whose clock is behind must have had its chance first.
            await asyncio.sleep(CLOCK_SKEW)
            await asyncio.to_thread(self.runner.passed_over, job_id, slots, outcome)

        facts = {"job": job_id, "slot": slots[-1].isoformat(), "outcome": outcome}
        logger.warning("left out %d of %s here", len(slots), job_id, extra=facts)
        question = asyncio.get_running_loop().create_task(ask())
        self._questions.add(question)
        question.add_done_callback(self._questions.discard)


def _threads(priority: str) -> int:
    name = f"THREADS_{priority.upper()}"
    return int(config.number(name, THREADS[priority]))
