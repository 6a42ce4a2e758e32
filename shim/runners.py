"""The runner: takes due messages out of an outbox and executes them in threads."""

from __future__ import annotations

import contextvars
import logging
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from celery import current_app
from celery.app import trace
from celery.utils import uuid
from celery.utils.nodenames import gethostname

from . import blocking, settings
from .django import close_connections
from .errors import OutboxUnavailableError
from .execution import Outcome, Run, execute, record_fault, record_loss
from .options import app_wide_limits
from .publishing import light_names
from .tally import Tally

if TYPE_CHECKING:
    from celery import Celery

    from .message import Claim, Message
    from .outbox import Outbox

logger = logging.getLogger(__name__)

RECORD_EVERY = 5.0  # seconds of counts that a killed runner may lose
SOONEST = 0.02  # the shortest pause between two looks at an empty outbox


class Runner:
    """Executes the light tasks of one app, in this process, until it is stopped.

    One thread claims, `concurrency` threads run bodies, each in an empty
    `contextvars.Context`, as a Celery worker's bodies see nothing of the caller.
    It claims at most one message more for each thread than it can start at once, and
    hands back at its end what has not begun. Only tasks that this process knows are
    claimed, so that old and new releases can share an outbox.

    Starting is cheap and never happens at import. Not usable after a fork: the
    child starts its own (`start_runner` does so).
    """

    def __init__(
        self,
        app: Celery | None = None,
        outbox: Outbox | None = None,
        **overrides: Any,
    ) -> None:
        self.app = app or current_app._get_current_object()  # noqa: SLF001
        self.settings = settings.current(**overrides)
        self.outbox = outbox or settings.current_outbox(self.app)
        self.pid = os.getpid()
        self.owner = f"{gethostname()}:{self.pid}:{uuid()[:8]}"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._work: queue.SimpleQueue[Claim | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0
        self._backlog = True
        self._unsettled: list[tuple[Claim, Outcome]] = []
        self._lost: list[Claim] = []
        self._tallies: dict[str, Tally] = {}
        self._tasks: set[str] = set()
        self._registered = 0
        self._beat_due = self._sweep_due = self._record_due = 0.0
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; UnsupportedOptionError when a light task forbids it."""
        self.app.loader.import_default_modules()
        self.app.finalize()
        # As a worker does at its start: a class's own `__call__` may call super()
        # and keep its request. Once in a process, whoever comes first.
        trace._install_stack_protection()  # noqa: SLF001
        self._learn_tasks()
        if not self._tasks:
            logger.warning("%r has no light task, the runner has no work", self.app)
        if limits := app_wide_limits(self.app):
            logger.warning("light tasks run without the app's limits %s", limits)
        blocking.runner_started()
        self._unsubscribe = self.outbox.on_put(self._notice)
        count = self.settings.concurrency
        targets = [(self._claim_until_stopped, "claims")]
        targets += [(self._run_until_stopped, f"body-{n}") for n in range(count)]
        for target, name in targets:
            thread = threading.Thread(target=target, name=f"light-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, grace: float | None = None) -> bool:
        """Stop claiming, wait up to `grace` seconds, hand back what has not begun.

        True when every body that had begun has ended. Otherwise those bodies go on
        in daemon threads; should the process end first, they count as lost.
        """
        deadline = time.monotonic() + (self.settings.grace if grace is None else grace)
        self._stopping.set()
        self._wake.set()
        self._unsubscribe()
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if not ended:
            logger.warning("the runner stops while %d bodies still run", self._busy)
        blocking.runner_stopped()
        return ended

    def take(self, message: Message) -> bool:
        """Store a call of this process and start it at once, if a thread is free.

        False, and nothing is stored, when all are busy, when older calls wait, or
        when the runner does not know the task.
        """
        with self._lock:
            if self._backlog or self._stopping.is_set():
                return False
            if self._busy >= self.settings.concurrency:
                return False
            if message.task not in self._tasks:
                return False
            self._busy += 1
        try:
            lease = self.settings.lease
            claim = self.outbox.put_claimed(message, self.owner, lease)
        except BaseException:
            self._done()
            raise
        if claim is None:
            self._done()
        else:
            self._work.put(claim)
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    # --- the claiming thread

    def _notice(self) -> None:
        """Something was stored that this runner did not take."""
        self._backlog = True
        self._wake.set()

    def _claim_until_stopped(self) -> None:
        pause = SOONEST
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._learn_tasks()
                self._keep_leases()
                self._settle()
                self._sweep()
                self._record()
                found = self._claim()
                wait = self._pause(found, pause)
            except OutboxUnavailableError as error:
                logger.error("%s", error)  # noqa: TRY400 - the cause is in the line
                found, wait = 0, self.settings.poll
            except Exception:
                # Without this thread calls would wait for ever, and nobody notice.
                logger.exception("the runner goes on")
                found, wait = 0, self.settings.poll
            pause = SOONEST if found else min(2 * pause, self.settings.poll)
            self._wake.wait(min(wait, self.settings.lease / 3))
        self._hand_back()
        self._keep_leases_while_busy()
        self._record_due = 0.0
        self._record()

    def _learn_tasks(self) -> None:
        if len(self.app.tasks) != self._registered:
            self._registered = len(self.app.tasks)
            self._tasks = light_names(self.app)

    def _claim(self) -> int:
        with self._lock:
            if self._busy >= self.settings.concurrency:
                self._backlog = True  # so that a thread that becomes free wakes us
                return 0
        free = 2 * self.settings.concurrency - self._busy
        lease = self.settings.lease
        self._backlog = True  # until we know better
        claims = self.outbox.claim(self.owner, self._tasks, free, lease)
        with self._lock:
            self._busy += len(claims)
            self._backlog = len(claims) == free or self._wake.is_set()
        for claim in claims:
            self._work.put(claim)
        return len(claims)

    def _pause(self, found: int, pause: float) -> float:
        if self._busy >= self.settings.concurrency:
            return self.settings.poll  # a thread that becomes free wakes us
        if found:
            return 0.0
        wait = self.outbox.wait(self._tasks)
        return pause if wait is None else max(0.0, min(pause, wait))

    def _keep_leases(self) -> None:
        now = time.monotonic()
        if now >= self._beat_due and (self._busy or self._unsettled or self._lost):
            self.outbox.extend(self.owner, self.settings.lease)
            self._beat_due = now + self.settings.lease / 3

    def _keep_leases_while_busy(self) -> None:
        while self._busy or self._unsettled:
            try:
                self._release_rest()
                self._keep_leases()
                self._settle()
            except OutboxUnavailableError as error:
                logger.error("%s", error)  # noqa: TRY400 - the cause is in the line
                time.sleep(self.settings.poll)
            time.sleep(SOONEST)

    def _sweep(self) -> None:
        now = time.monotonic()
        if now < self._sweep_due:
            return
        self._sweep_due = now + self.settings.lease / 3
        lease = self.settings.lease
        for claim in self.outbox.reclaim(self.owner, self._tasks, lease):
            logger.error(
                "Task %s[%s] died with its process, it will not run again",
                claim.message.task,
                claim.message.id,
            )
            self._lost.append(claim)
        self._lost = [claim for claim in self._lost if not self._record_loss(claim)]

    def _record_loss(self, claim: Claim) -> bool:
        """False when the result backend is down; the next sweep tries again."""
        try:
            record_loss(self.app, claim, self.owner)
        except Exception:
            logger.exception("the result backend refused %s", claim.message.id)
            return False
        self.outbox.finish(claim)
        return True

    def _record(self) -> None:
        now = time.monotonic()
        if not self._tallies or now < self._record_due:
            return
        with self._lock:
            tallies, self._tallies = self._tallies, {}
        try:
            self.outbox.record(tallies)
        except OutboxUnavailableError:
            with self._lock:
                for task, tally in tallies.items():
                    self._tallies.setdefault(task, Tally()).merge(tally)
            raise
        self._record_due = now + RECORD_EVERY

    def _settle(self) -> None:
        """Tell the outbox what it could not be told when it happened."""
        while self._unsettled:
            self._dispose(*self._unsettled[0])
            self._unsettled.pop(0)

    def _hand_back(self) -> None:
        """Hand back what no thread has begun, and let the threads end."""
        self._release_rest()
        for _ in range(self.settings.concurrency):
            self._work.put(None)

    def _release_rest(self) -> None:
        """Hand back what no thread has begun."""
        kept = 0
        while not self._work.empty():
            claim = self._work.get()
            if claim is None:
                kept += 1
            else:
                self._dispose_or_keep(claim, Outcome.NOT_BEGUN)
                self._done()
        for _ in range(kept):  # each ends a thread that still runs a body
            self._work.put(None)

    # --- the threads that run bodies

    def _run_until_stopped(self) -> None:
        self.app.set_current()
        blocking.mark_this_thread()
        while (claim := self._work.get()) is not None:
            try:
                contextvars.Context().run(self._execute, claim)
            finally:
                self._done()

    def _execute(self, claim: Claim) -> None:
        try:
            close_connections()
            try:
                run = execute(self.app, claim, self.outbox, self.owner)
            finally:
                close_connections()
        except Exception as error:
            # Celery's code failed around the body, for example because the result
            # backend is down. A worker logs that and goes on, and so do we.
            logger.exception("light task %s[%s]", claim.message.task, claim.message.id)
            self._record_fault(claim, error)
            self._dispose_or_keep(claim, Outcome.FINISHED)
        else:
            self._count(claim, run)
            if run.outcome is Outcome.NOT_BEGUN:
                logger.error("%s", run.error)
                self._unsettled.append((claim, run.outcome))
            else:
                self._dispose_or_keep(claim, run.outcome)

    def _count(self, claim: Claim, run: Run) -> None:
        if run.status is not None:
            with self._lock:
                tally = self._tallies.setdefault(claim.message.task, Tally())
                tally.add(run.status, run.seconds, time.time())

    def _record_fault(self, claim: Claim, error: Exception) -> None:
        try:
            record_fault(self.app, claim, error)
        except Exception:
            logger.exception("the result backend refused %s", claim.message.id)

    def _dispose_or_keep(self, claim: Claim, outcome: Outcome) -> None:
        try:
            self._dispose(claim, outcome)
        except OutboxUnavailableError as error:
            logger.error("%s", error)  # noqa: TRY400 - the cause is in the line
            self._unsettled.append((claim, outcome))

    def _dispose(self, claim: Claim, outcome: Outcome) -> None:
        if outcome is Outcome.FINISHED:
            self.outbox.finish(claim)
        elif outcome is Outcome.AGAIN:
            self.outbox.release(claim, redelivered=True)
        elif outcome is Outcome.NOT_BEGUN:
            self.outbox.release(claim)

    def _done(self) -> None:
        with self._lock:
            self._busy -= 1
            look = self._backlog
        if look or self._unsettled:  # else there is nothing to claim
            self._wake.set()
