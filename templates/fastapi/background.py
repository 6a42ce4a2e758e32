"""Runs accepted work in the background of this process, within bounds.

The order is: store the record, answer the caller, run the body, note the outcome.
What a dead process leaves behind is found by the others, and by its own next start:
work whose body had not begun is run by them; work whose body had begun is marked as
lost, unless its task says that it may run again. The file is yours to change.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from . import config, metrics, pings
from .locks import CLOCK_SKEW
from .records import Record, Records, RecordsDownError, Status, Totals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pydantic import BaseModel

T = TypeVar("T")

logger = logging.getLogger(__name__)

LEASE = 30.0  # a process that does not renew its records for so long is dead
PURGE_EVERY = 3600.0
STORE_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an endpoint starts. Times are seconds.

    A body in a thread cannot be ended: past its timeout it is reported, and runs on.
    """

    task: str
    body: type[BaseModel]
    run: Callable[[Any], Any]
    is_async: bool = False
    timeout: float = 30.0
    may_run_again: bool = False  # after its process died while the body ran
    breaker_failures: int = 0  # in a row, until it is refused for a while; 0: never
    breaker_pause: float = 300.0

    def open_until(self, totals: Totals) -> float | None:
        """Unix time from which one call may try; None while the breaker is closed."""
        limit = self.breaker_failures
        if not limit or totals.failures_in_a_row < limit:
            return None
        return (totals.last_failure or 0.0) + self.breaker_pause


class RefusedError(Exception):
    """Nothing was accepted; worth another try in `retry_after` seconds."""

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class DuplicateError(Exception):
    """Equal work is accepted or running already."""

    def __init__(self, running_id: str) -> None:
        super().__init__("the same work is under way")
        self.running_id = running_id


@dataclass(eq=False, slots=True)
class _Job:
    work: Work
    arguments: BaseModel
    record: Record
    was: Status = Status.ACCEPTED
    is_begun: bool = False  # the caller has its answer
    started: float = 0.0  # monotonic; 0: the body waits for its turn
    is_reported: bool = False


@dataclass(eq=False)
class Background:
    """The background work of one process. `serve` must surround its life.

    `threads` bodies run at one time; `capacity` bounds those and the waiting ones.
    """

    records: Records
    threads: int = 4
    capacity: int = 100
    lifetime: float = 24 * 3600.0  # of ended records
    lease: float = LEASE
    clock: Callable[[], float] = time.time
    _works: dict[str, Work] = field(default_factory=dict)
    _jobs: dict[str, _Job] = field(default_factory=dict)  # accepted here, by record id
    _active: set[asyncio.Task[None]] = field(default_factory=set)
    _unsaved: list[Callable[[], bool]] = field(default_factory=list)
    _is_serving: bool = False

    def __post_init__(self) -> None:
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._turn = asyncio.Semaphore(self.threads)
        # Not the pool of the endpoints: busy bodies must never hold up a request.
        self._bodies = ThreadPoolExecutor(self.threads, "background")
        self._store = ThreadPoolExecutor(STORE_THREADS, "records")
        self._purged_at = 0.0

    def register(self, work: Work) -> None:
        """Make the work known, so that this process takes over what others left."""
        self._works[work.task] = work
        metrics.known(work.task, work.timeout)

    @property
    def depth(self) -> int:
        """Accepted here and not ended."""
        return len(self._jobs)

    # ------------------------------------------------------------------ intake

    async def accept(self, work: Work, arguments: BaseModel) -> str:
        """The id of the stored record; `begin` it once the caller has the answer.

        RefusedError, DuplicateError or RecordsDownError: nothing will run.
        """
        if self.depth >= self.capacity:
            metrics.refused(work.task, "full")
            raise RefusedError("the queue is full", 1)
        record = self._record(work, arguments)
        self._jobs[record.id] = _Job(work, arguments, record)
        is_stored = False
        try:
            holder = await self._add(work, record)
            is_stored = holder is None
        finally:
            if not is_stored:
                del self._jobs[record.id]
        if holder is not None:
            metrics.refused(work.task, "duplicate")
            raise DuplicateError(holder)
        self._count()
        return record.id

    def _record(self, work: Work, arguments: BaseModel) -> Record:
        now, text = self.clock(), arguments.model_dump_json(by_alias=True)
        same = hashlib.blake2b(f"{work.task}\0{text}".encode(), digest_size=16)
        return Record(
            id=secrets.token_urlsafe(16),
            task=work.task,
            key=same.hexdigest(),
            arguments=text,
            status=Status.ACCEPTED,
            owner=self._owner,
            lapses_at=now + self.lease,
            created_at=now,
        )

    async def _add(self, work: Work, record: Record) -> str | None:
        """None: stored. Half open, the breaker lets one call in at a time."""
        failed_at = await self._half_open(work)
        if failed_at is None:
            return await self._in_store(self.records.add, record)
        if not await self._in_store(self.records.add_probe, record, failed_at):
            metrics.refused(work.task, "breaker-open")
            raise RefusedError("paused until one call has succeeded", 1)
        return None

    async def _half_open(self, work: Work) -> float | None:
        """The last failure before the pause that is over; None while it is closed."""
        if not work.breaker_failures:
            return None
        totals = await self._in_store(self.records.totals, work.task)
        until = work.open_until(totals)
        metrics.paused(work.task, until or 0.0)
        if until is None:
            return None
        left = until - self.clock()
        if left > 0:
            metrics.refused(work.task, "breaker-open")
            raise RefusedError("paused after too many failures", int(left) + 1)
        return totals.last_failure or 0.0

    async def begin(self, record_id: str) -> None:
        """Run an accepted record, without being waited for while this is served."""
        job = self._jobs.get(record_id)
        if job is None:
            return  # taken over by another process in the meantime
        job.is_begun = True
        if not self._is_serving:  # e.g. a test client without a lifespan
            logger.warning(
                "the lifespan of the router does not run, so nobody takes over what a "
                "dead process leaves: include the router in the application itself"
            )
            async with self._kept():
                await self._run(job)
            return
        # A task of its own: the connection of the request is free for the next one.
        task = asyncio.create_task(self._run(job))
        self._active.add(task)
        task.add_done_callback(self._active.discard)

    # ----------------------------------------------------------------- answers

    async def find(self, record_id: str) -> Record | None:
        """The record, or None; RecordsDownError."""
        return await self._in_store(self.records.get, record_id)

    async def overview(self, task: str) -> tuple[list[Record], Totals]:
        """What is under way over all processes, and the counts; RecordsDownError."""
        records = await self._in_store(self.records.open, task)
        return records, await self._in_store(self.records.totals, task)

    # --------------------------------------------------------------- execution

    async def _run(self, job: _Job) -> None:
        try:
            async with self._turn:
                if await self._in_store(
                    self.records.start, job.record, job.was, self.clock()
                ):
                    await self._run_body(job)
        except RecordsDownError as error:
            # The body has not begun: the record lapses, and is found by the sweep.
            logger.warning("%s was not started: %s", job.work.task, error)
        finally:
            self._jobs.pop(job.record.id, None)
            self._count()

    async def _run_body(self, job: _Job) -> None:
        work, failure = job.work, None
        job.started = time.monotonic()
        metrics.started(work.task, self.clock() - job.record.created_at)
        pings.send(work.task, "start")
        try:
            if work.is_async:
                async with asyncio.timeout(work.timeout):
                    await work.run(job.arguments)
            else:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._bodies, work.run, job.arguments)
        except Exception as error:  # noqa: BLE001 - whatever the task raises
            failure = error
        self._log_end(job, failure)
        status = Status.DONE if failure is None else Status.FAILED
        kind = None if failure is None else type(failure).__name__
        await self._end(job.record, status, kind)

    def _log_end(self, job: _Job, failure: Exception | None) -> None:
        duration = time.monotonic() - job.started
        outcome = "success" if failure is None else "failure"
        if duration >= job.work.timeout:
            outcome = "overran" if failure is None else "timeout"
        metrics.ended(job.work.task, outcome, duration, is_success=failure is None)
        pings.send(job.work.task, "success" if failure is None else "fail")
        facts = {"job": job.work.task, "duration": round(duration, 6)}
        level = logging.INFO if failure is None else logging.ERROR
        extra = {**facts, "outcome": outcome}
        logger.log(level, "ended %s", job.record.id, extra=extra, exc_info=failure)

    async def _end(self, record: Record, status: Status, kind: str | None) -> None:
        note = partial(self.records.end, record, status, kind, self.clock())
        try:
            if not await self._in_store(note):
                logger.error("%s ended after it was given up", record.id)
        except RecordsDownError as error:
            self._unsaved.append(note)
            logger.warning("outcome of %s is stored later: %s", record.id, error)

    # ------------------------------------------------------------- every while

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Renew and take over records; at the end wait SHUTDOWN_GRACE seconds."""
        self._is_serving = True
        async with self._kept():
            try:
                yield
            finally:
                self._is_serving = False
                if self._active:
                    grace = config.number("SHUTDOWN_GRACE", 25.0)
                    await asyncio.wait(self._active, timeout=grace)
        for task in self._active:
            task.cancel()

    def close(self) -> None:
        """Wait for its threads and end them; a test does, before its store goes."""
        self._bodies.shutdown()
        self._store.shutdown()

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            await self._save()

    async def _keep(self) -> None:
        while True:
            try:
                await self._save()
                await self._renew()
                if self._is_serving:
                    await self._sweep()
                    await self._purge()
            except RecordsDownError as error:
                logger.warning("records are not kept at the moment: %s", error)
            except Exception:
                logger.exception("records are not kept at the moment")
            self._report_overdue()
            await asyncio.sleep(self.lease / 3)

    async def _save(self) -> None:
        while self._unsaved:
            await self._in_store(self._unsaved[0])
            del self._unsaved[0]

    async def _renew(self) -> None:
        # What was accepted and never begun lapses: its request was broken off.
        ids = [name for name, job in self._jobs.items() if job.is_begun]
        lapses_at = self.clock() + self.lease
        await self._in_store(self.records.renew, ids, self._owner, lapses_at)

    async def _sweep(self) -> None:
        if self.depth >= self.capacity:
            return
        now = self.clock()
        found = await self._in_store(
            self.records.adopt,
            tuple(self._works),
            self._owner,
            now - CLOCK_SKEW,
            now + self.lease,
        )
        for record in found:
            await self._take_over(record)

    async def _take_over(self, seen: Record) -> None:
        """`seen` is the record as its process left it; it belongs to this one now."""
        work, record = self._works[seen.task], replace(seen, owner=self._owner)
        if seen.status is Status.RUNNING and not work.may_run_again:
            logger.error("%s of %s was lost with its process", seen.id, seen.task)
            await self._end(record, Status.LOST, "ProcessDied")
            return
        try:
            arguments = work.body.model_validate_json(seen.arguments)
        except ValueError as error:  # another release stored it
            await self._end(record, Status.FAILED, type(error).__name__)
            return
        logger.warning("%s of %s is taken over", seen.id, seen.task)
        self._jobs[seen.id] = _Job(work, arguments, record, seen.status)
        await self.begin(seen.id)

    async def _purge(self) -> None:
        now = self.clock()
        if now - self._purged_at >= PURGE_EVERY:
            await self._in_store(self.records.remove_ended, now - self.lifetime)
            self._purged_at = now

    def _report_overdue(self) -> None:
        now = time.monotonic()
        for name, job in self._jobs.items():
            is_over = job.started and now - job.started > job.work.timeout
            if is_over and not job.is_reported:
                job.is_reported = True
                logger.error("%s of %s is past its timeout", name, job.work.task)

    async def _in_store(self, method: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store, partial(method, *arguments))

    def _count(self) -> None:
        metrics.queued(self.depth, self.capacity)
