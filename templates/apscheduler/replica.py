"""A scheduler of which any number of replicas can run side by side.

It is APScheduler's AsyncIOScheduler with a job store, executors and a start that do
not assume to be alone. The file is yours to change.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC
from typing import TYPE_CHECKING, Any

from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from . import config
from .entry import ASYNC, PRIORITIES
from .executors import SlotLoopExecutor, SlotThreadExecutor
from .reconcile import reconcile
from .runs import Runner
from .state import JobStates
from .store import ReplicaJobStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from apscheduler.events import JobSubmissionEvent

    from .entry import Entry
    from .locks import LockStore

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
        self.locks = locks
        self.entries = entries
        self.clock = clock
        self.runner = Runner(
            entries=entries,
            locks=locks,
            states=self.states,
            store=self.store,
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

    async def stop(self, grace: float) -> bool:
        """Start nothing new and wait for what runs; False: some of it still does."""
        self.runner.is_stopping = True
        self.pause()
        deadline = time.monotonic() + grace
        while self.runner.running and time.monotonic() < deadline:  # noqa: ASYNC110 - threads
            await asyncio.sleep(0.05)
        has_ended = not self.runner.running
        self.shutdown(wait=False)
        await asyncio.sleep(0)  # the shutdown itself runs in the loop
        self.locks.close()
        return has_ended

    def _count_skipped(self, event: JobSubmissionEvent) -> None:
        slot = event.scheduled_run_times[-1]
        loop = asyncio.get_running_loop()
        loop.run_in_executor(
            None, self.runner.missed, event.job_id, slot, "max-instances"
        )


def _threads(priority: str) -> int:
    name = f"THREADS_{priority.upper()}"
    return int(config.number(name, THREADS[priority]))
