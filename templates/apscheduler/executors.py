"""Executors that hand the scheduled time of a run to the runner.

APScheduler knows for which slots it submits a job, but does not tell the job. These
pass every slot through `Runner.begin` and `Runner.end`. The file is yours to change.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor
from apscheduler.executors.pool import ThreadPoolExecutor

from .runs import entered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from apscheduler.job import Job

    from .runs import Runner
    from .store import ReplicaJobStore

Events = list[JobExecutionEvent]


class SlotExecutor(BaseExecutor):  # type: ignore[misc]  # APScheduler is untyped
    """What the two executors share: bookkeeping of slots, and events."""

    runner: Runner
    store: ReplicaJobStore

    def submit_job(self, job: Job, run_times: Sequence[datetime]) -> None:
        """Of several due slots only the latest comes here; the others are seen to."""
        if job.next_run_time < run_times[0]:
            self._scheduler.passed_over(job, run_times[0])
        super().submit_job(job, run_times)

    def submit_again(self, job: Job, slot: datetime) -> None:
        """The slot of a process that died, whatever else of the job is running."""
        with self._lock:
            self._do_submit_job(job, [slot])
            self._instances[job.id] += 1

    def opened(self, job: Job, slots: Sequence[datetime]) -> None:
        for slot in slots:
            self.store.opened(job.id, slot)

    def completed(self, job_id: str, future: Any) -> None:
        """Callback of a future whose result is a list of events."""
        try:
            events = future.result()
        except (CancelledError, asyncio.CancelledError):
            events = []  # the slot stays open and is tried again by the next start
        except Exception as error:  # noqa: BLE001 - a fault of ours, not of the job
            self._run_job_error(job_id, error, error.__traceback__)
            return
        self._run_job_success(job_id, events)


class SlotThreadExecutor(SlotExecutor, ThreadPoolExecutor):  # type: ignore[misc]
    """A bounded pool of threads, for `def` jobs. A thread cannot be interrupted."""

    def __init__(self, runner: Runner, store: ReplicaJobStore, size: int) -> None:
        super().__init__(max_workers=size)
        self.runner = runner
        self.store = store

    def _do_submit_job(self, job: Job, run_times: Sequence[datetime]) -> None:
        self.opened(job, run_times)
        future = self._pool.submit(self._run, job, run_times)
        future.add_done_callback(lambda done: self.completed(job.id, done))

    def _run(self, job: Job, slots: Sequence[datetime]) -> Events:
        return [event for slot in slots for event in self._run_slot(job, slot)]

    def _run_slot(self, job: Job, slot: datetime) -> Events:
        run = self.runner.begin(job.id, slot)
        if run is None:
            return []
        failure: BaseException | None = None
        try:
            with entered(run):
                job.func(*job.args, **job.kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit of a job included
            failure = error
        self.runner.end(run, failure)
        return [_event(job, slot, failure)]

    def shutdown(self, wait: bool = True) -> None:  # noqa: FBT001, FBT002
        self._pool.shutdown(wait, cancel_futures=True)


class SlotLoopExecutor(SlotExecutor):
    """The event loop of the scheduler, for `async def` jobs; ends them in time."""

    def __init__(self, runner: Runner, store: ReplicaJobStore) -> None:
        super().__init__()
        self.runner = runner
        self.store = store
        self._tasks: set[asyncio.Task[Events]] = set()

    def _do_submit_job(self, job: Job, run_times: Sequence[datetime]) -> None:
        self.opened(job, run_times)
        task = asyncio.get_running_loop().create_task(self._run(job, run_times))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: self.completed(job.id, done))

    async def _run(self, job: Job, slots: Sequence[datetime]) -> Events:
        return [event for slot in slots for event in await self._run_slot(job, slot)]

    async def _run_slot(self, job: Job, slot: datetime) -> Events:
        # Claims and notes block on their stores: not on the event loop.
        run = await asyncio.to_thread(self.runner.begin, job.id, slot)
        if run is None:
            return []
        failure: BaseException | None = None
        try:
            with entered(run):
                async with asyncio.timeout(self.runner.timeout(job.id)):
                    await job.func(*job.args, **job.kwargs)
        except BaseException as error:  # noqa: BLE001 - cancellation is an end as well
            failure = error
        await asyncio.shield(asyncio.to_thread(self.runner.end, run, failure))
        return [_event(job, slot, failure)]

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        for task in self._tasks:
            task.cancel()


def _event(job: Job, slot: datetime, failure: BaseException | None) -> object:
    code = EVENT_JOB_EXECUTED if failure is None else EVENT_JOB_ERROR
    return JobExecutionEvent(code, job.id, job._jobstore_alias, slot, exception=failure)  # noqa: SLF001
