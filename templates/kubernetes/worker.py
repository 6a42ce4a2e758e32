"""Runs one task in a process of its own, as a Kubernetes CronJob starts it.

The slot of a run is the *scheduled* time, which Kubernetes writes into the name of
the Job: a pod that starts late, or a second one, comes to the same claim as everybody
else. Started by hand without --entry the body just runs. The file is yours to change.

    0    done; or nothing to do: not due, taken, expired, overlapping, paused
    1    the body failed
    2    wrong arguments
    75   a store is down, so nothing was run
    124  the body took longer than its timeout
    143  ended by SIGTERM
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from . import config
from .locks import Lease, StoreDownError, create_lock_store
from .logs import configure_logging
from .runs import Runner, entered
from .state import JobStates

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from .entry import Entry
    from .runs import Run

DONE, FAILED, STORE_DOWN, TIMED_OUT, TERMINATED = 0, 1, 75, 124, 143
DOWN = frozenset({"store-down", "database-down"})
# A body that does not react to its timeout is ended with the whole process.
LAST_CHANCE = 10.0
RETRY_LIFETIME = 24 * 3600.0

logger = logging.getLogger(__name__)
_is_stopping = threading.Event()  # SIGTERM came before the body began


class TerminatedError(BaseException):
    """Raised in the body by SIGTERM; no `except Exception` holds it up."""


class TimedOutError(TimeoutError):
    """The body took longer than the timeout of its entry."""


class NoSlots:
    """Kubernetes keeps the time: nothing is to be settled, the next run not known."""

    def settled(self, job_id: str, slot: datetime, *, is_ours: bool) -> None:
        """Nothing to do."""

    def next_run(self, job_id: str) -> datetime | None:  # noqa: ARG002 - not known here
        return None


class NoMemory:
    """Kubernetes keeps account of its pods: a Job whose pod died has failed."""

    def open(self, entry: str, slot: datetime) -> bool:  # noqa: ARG002 - not kept here
        return False

    def leave(self, entry: str, slot: datetime) -> None:
        """Nothing to do, and so for the others."""

    close = hand_back = leave


class OneRun(Runner):
    """Remembers why a slot did not run. A retry has the claim of an earlier pod."""

    outcome: str | None = None
    is_retry = False

    def _claim(self, run: Run) -> None:
        if not self.is_retry:
            super()._claim(run)

    def _skipped(self, run: Run, outcome: str) -> None:
        self.outcome = outcome
        super()._skipped(run, outcome)


def main(
    body: Callable[..., Any],
    entries: tuple[Entry, ...],
    parser: argparse.ArgumentParser,
) -> int:
    """The exit code of the process. Without `--entry` nothing is claimed."""
    parser.add_argument("--entry", choices=[entry.id for entry in entries])
    parser.add_argument("--slot", type=datetime.fromisoformat, help="scheduled time")
    arguments = vars(parser.parse_args())
    name, slot = arguments.pop("entry", None), arguments.pop("slot", None)
    configure_logging()
    signal.signal(signal.SIGTERM, lambda *_: _is_stopping.set())
    entry = next((entry for entry in entries if entry.id == name), None)
    if entry is None:
        return _by_hand(body, arguments, entries)
    slot = slot or scheduled_time(os.environ)
    if slot is None:
        logger.warning("no --slot, and JOB_NAME is no name that a CronJob gives")
        return _by_hand(body, arguments, (entry,))
    if entry.trigger is not None and not entry.trigger.includes(slot):
        logger.info("not due", extra={"job": entry.id, "slot": slot.isoformat()})
        return DONE
    try:
        return _claimed(body, arguments, entry, slot.astimezone(UTC))
    except (StoreDownError, SQLAlchemyError) as error:
        logger.error("a store is down: %s", type(error).__name__)  # noqa: TRY400 - the text may hold a password
        return STORE_DOWN


def scheduled_time(environment: os._Environ[str] | dict[str, str]) -> datetime | None:
    """From the Job's name, `<cronjob>-<minutes since 1970>`; None for another name."""
    cronjob, job = environment.get("CRONJOB_NAME"), environment.get("JOB_NAME", "")
    minutes = job.removeprefix(f"{cronjob}-")
    if not cronjob or minutes == job or not minutes.isdecimal():
        return None
    return datetime.fromtimestamp(int(minutes) * 60, UTC)


def _claimed(
    body: Callable[..., Any], arguments: dict[str, Any], entry: Entry, slot: datetime
) -> int:
    locks = create_lock_store()
    states = JobStates(config.engine(), config.NAMESPACE)
    states.register(entry)
    runner = OneRun(
        entries=(entry,),
        locks=locks,
        states=states,
        store=NoSlots(),
        unfinished=NoMemory(),
    )
    if _is_stopping.is_set():
        return TERMINATED
    run = runner.begin(entry.id, slot)
    # Kubernetes starts another pod of this Job where backoffLimit is set.
    retry = f"retry:{entry.id}:{slot.isoformat()}"
    with Lease(locks, f"{retry}:pod") as lease:
        if run is None and runner.outcome is None and lease.try_acquire():
            was_held = bool(locks.held([retry]))
            locks.release(retry, _job_name())  # only what a pod of this Job has left
            runner.is_retry = was_held and not locks.held([retry])
            run = runner.begin(entry.id, slot) if runner.is_retry else None
        if run is None:
            logger.info("nothing to do: %s", runner.outcome or "taken")
            return STORE_DOWN if runner.outcome in DOWN else DONE
        failure = _run_claimed(runner, run, body, arguments)
        code = _code(failure)
        if code == FAILED:
            locks.acquire(retry, _job_name(), RETRY_LIFETIME)
        return code


def _run_claimed(
    runner: OneRun, run: Run, body: Callable[..., Any], arguments: dict[str, Any]
) -> BaseException | None:
    with entered(run):
        failure = _failure_of(body, arguments, runner.timeout(run.job) or 0.0)
    runner.end(run, failure)
    return failure


def _job_name() -> str:
    return os.environ.get("JOB_NAME", "by-hand")


def _by_hand(
    body: Callable[..., Any], arguments: dict[str, Any], entries: tuple[Entry, ...]
) -> int:
    timeout = max((entry.timeout for entry in entries), default=30.0)
    failure = _failure_of(body, arguments, timeout)
    if failure is not None:
        logger.error("failed", exc_info=failure)
    return _code(failure)


def _code(failure: BaseException | None) -> int:
    if isinstance(failure, TimedOutError):
        return TIMED_OUT
    if isinstance(failure, TerminatedError | asyncio.CancelledError):
        return TERMINATED
    return DONE if failure is None else FAILED


def _failure_of(
    body: Callable[..., Any], arguments: dict[str, Any], timeout: float
) -> BaseException | None:
    """Run the body within its timeout; what it raised, or None."""
    try:
        if _is_stopping.is_set():
            raise TerminatedError  # noqa: TRY301 - one way out for all endings
        if inspect.iscoroutinefunction(body):
            asyncio.run(_awaited(body, arguments, timeout))
        else:
            with _signals(timeout):
                body(**arguments)
    except BaseException as error:  # noqa: BLE001 - SystemExit of a body included
        return error
    return None


async def _awaited(
    body: Callable[..., Any], arguments: dict[str, Any], limit: float
) -> None:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with asyncio.timeout(limit) as clock:
            await body(**arguments)
    except TimeoutError as error:
        if clock.expired():
            raise TimedOutError from error
        raise


@contextmanager
def _signals(timeout: float) -> Iterator[None]:
    """SIGTERM and the timeout become exceptions in the body, so that it cleans up."""

    def terminate(*_: object) -> None:
        raise TerminatedError

    def time_out(*_: object) -> None:
        raise TimedOutError(f"took longer than {timeout:g} s")

    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGALRM, time_out)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    last = threading.Timer(timeout + LAST_CHANCE, os._exit, [TIMED_OUT])
    last.daemon = True
    last.start()
    try:
        yield
    finally:
        last.cancel()
        signal.setitimer(signal.ITIMER_REAL, 0)
        # What follows must be noted: the outcome, and the lock given back.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
