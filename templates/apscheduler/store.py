"""A job store that any number of schedulers can share.

APScheduler's own store lets each scheduler move the one common next run time, so a
slot that one of them has taken and not run is lost to the others. Here each process
follows the clock by its own copy and tries every slot itself (the claim in locks.py
lets one of them through). The table only remembers the first slot that nobody is
known to have taken, for the next start. The file is yours to change.
"""

from __future__ import annotations

import contextlib
import pickle
from collections import defaultdict
from threading import RLock
from typing import TYPE_CHECKING, Any

from apscheduler.jobstores.base import ConflictingIdError, JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.util import datetime_to_utc_timestamp, utc_timestamp_to_datetime
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from .tables import create_tables

if TYPE_CHECKING:
    from datetime import datetime

    from apscheduler.job import Job
    from sqlalchemy import Update


class ReplicaJobStore(SQLAlchemyJobStore):  # type: ignore[misc]  # it is untyped
    """Loads its rows when it starts; rows that it cannot read stay as they are.

    A job that another process adds later is run by that process until the next start.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._jobs: dict[str, Job] = {}
        self._rows: dict[str, bytes] = {}  # as stored when the job was last defined
        self._definitions: dict[str, tuple[Any, ...]] = {}
        self._open: defaultdict[str, set[datetime]] = defaultdict(set)
        self._guard = RLock()

    def start(self, scheduler: Any, alias: str) -> None:
        create_tables(self.jobs_t.metadata, self.engine)
        super().start(scheduler, alias)
        table = self.jobs_t
        with self.engine.connect() as connection:
            rows = connection.execute(select(table)).all()
        for row in rows:
            self._load(row.id, row.next_run_time, row.job_state)

    def _load(self, job_id: str, next_run_time: float | None, state: bytes) -> None:
        try:
            job = self._reconstitute_job(state)
        except Exception:
            # Most likely a job of another release: that one still needs it.
            self._logger.exception("cannot read job %r; it is left alone", job_id)
            return
        job.next_run_time = utc_timestamp_to_datetime(next_run_time)
        self._jobs[job_id] = job
        self._rows[job_id] = state
        self._definitions[job_id] = _definition(job)

    def lookup_job(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def get_due_jobs(self, now: datetime) -> list[Job]:
        return [job for job in self._in_order() if job.next_run_time <= now]

    def get_next_run_time(self) -> datetime | None:
        return next((job.next_run_time for job in self._in_order()), None)

    def get_all_jobs(self) -> list[Job]:
        paused = [job for job in self._jobs.values() if job.next_run_time is None]
        return [*self._in_order(), *paused]

    def _in_order(self) -> list[Job]:
        waiting = [job for job in self._jobs.values() if job.next_run_time is not None]
        return sorted(waiting, key=lambda job: (job.next_run_time, job.id))

    def add_job(self, job: Job) -> None:
        with self._guard:
            if job.id in self._jobs:
                raise ConflictingIdError(job.id)
            try:
                super().add_job(job)
            except ConflictingIdError:
                super().update_job(job)  # another replica added it since our start
            self._remember(job)

    def update_job(self, job: Job) -> None:
        """Move the job on in memory; write it only where its definition changed."""
        with self._guard:
            known = self._definitions.get(job.id)
            if known is None:
                raise JobLookupError(job.id)
            self._jobs[job.id] = job
            if job.next_run_time is not None and known == _definition(job):
                return
            super().update_job(job)
            self._remember(job)

    def remove_job(self, job_id: str) -> None:
        with self._guard:
            if self._jobs.pop(job_id, None) is None:
                raise JobLookupError(job_id)
            del self._rows[job_id], self._definitions[job_id]
            self._open.pop(job_id, None)
        with contextlib.suppress(JobLookupError):  # another replica was faster
            super().remove_job(job_id)

    def opened(self, job_id: str, slot: datetime) -> None:
        """The slot waits for a thread; after a crash it has to be tried again."""
        with self._guard:
            self._open[job_id].add(slot)

    def settled(self, job_id: str, slot: datetime, *, is_ours: bool = True) -> None:
        """The slot needs no further try: claimed, here or elsewhere, or dropped.

        The replica that claimed it stores the progress, the others need not.
        """
        with self._guard:
            self._open[job_id].discard(slot)
            progress = self._progress(job_id) if is_ours else None
        # Not under the guard: the event loop waits for it, and must not wait for disks.
        if progress is not None:
            self._store(job_id, progress)

    def next_run(self, job_id: str) -> datetime | None:
        """When this process will try the job next."""
        job = self._jobs.get(job_id)
        return None if job is None else job.next_run_time

    def _progress(self, job_id: str) -> Update | None:
        """The statement that moves the stored time on, never back."""
        job = self._jobs.get(job_id)
        if job is None or job.next_run_time is None:
            return None
        first = min(self._open[job_id] | {job.next_run_time})
        moment = datetime_to_utc_timestamp(first)
        table = self.jobs_t
        moved: Update = update(table).where(
            table.c.id == job_id,
            # Another release may have defined the job anew: not ours to move.
            table.c.job_state == self._rows[job_id],
            table.c.next_run_time < moment,
        )
        return moved.values(next_run_time=moment)

    def _store(self, job_id: str, progress: Update) -> None:
        try:
            with self.engine.begin() as connection:
                connection.execute(progress)
        except SQLAlchemyError as error:
            # An older time is safe: its slots are claimed. The next one corrects it.
            kind = type(error).__name__
            self._logger.warning("progress of %r is not stored: %s", job_id, kind)

    def _remember(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._rows[job.id] = pickle.dumps(job.__getstate__(), self.pickle_protocol)
        self._definitions[job.id] = _definition(job)


def _definition(job: Job) -> tuple[Any, ...]:
    """What a job is, without when it runs next. A trigger equals only itself."""
    how = (job.executor, job.misfire_grace_time, job.coalesce, job.max_instances)
    return (job.func_ref, job.trigger, tuple(job.args), job.kwargs, job.name, how)
