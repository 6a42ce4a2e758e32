"""One message, executed as a Celery worker would: by Celery's worker code.

`celery.worker.request.Request` decides about expiry, revocation, rejection and
lost workers, and ends in `celery.app.trace`, which runs hooks, signals, retries and
callbacks and stores the result. The pool given to it is the calling thread.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from billiard.einfo import ExceptionInfo
from billiard.einfo import ExceptionWithTraceback as Wrapped
from celery import signals, states
from celery.app import trace
from celery.exceptions import Ignore, Retry, WorkerLostError
from celery.worker import state as worker_state
from celery.worker.request import Request

from .errors import OutboxUnavailableError
from .message import decode
from .publishing import executing

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from .message import Claim
    from .outbox import Outbox

# Alert rules look for Celery's own lines, so they keep their logger.
logger = logging.getLogger("celery.worker.strategy")


class Outcome(Enum):
    """What becomes of the message."""

    FINISHED = "remove it"
    AGAIN = "hand it back, marked as redelivered"
    NOT_BEGUN = "hand it back as it was"
    NOT_OURS = "leave it: another owner has it"


@dataclass(frozen=True, slots=True)
class Run:
    """How a message ended: what becomes of it, and the status of its body.

    The status is None when no body ran. `seconds` is the time of the body.
    """

    outcome: Outcome
    status: str | None = None
    seconds: float = 0.0
    error: BaseException | None = None


@dataclass(slots=True)
class _Acknowledgement:
    again: bool = False

    def ack(self, *_: Any) -> None:
        """Nothing to do: the message is finished after the run."""

    def reject(self, _logger: Any, _errors: Any, requeue: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        self.again = requeue


def execute(app: Celery, claim: Claim, outbox: Outbox, hostname: str) -> Run:
    """Run a claimed message to its end.

    The outbox is told before the body begins; when it cannot be, the body does not
    begin. What the body raises is stored as its result. Anything that is raised is
    a fault around the body, such as a result backend that is down.
    """
    acknowledgement = _Acknowledgement()
    request = _request(app, claim, hostname, acknowledgement)
    _log_received(request)
    if claim.revoked:
        worker_state.revoked.add(request.id)  # where Celery's Request looks
    if request.revoked():
        return Run(Outcome.FINISHED)
    signals.task_received.send(sender=app, request=request)
    try:
        if not outbox.start(claim, late=bool(request.task.acks_late)):
            return Run(Outcome.NOT_OURS)
    except OutboxUnavailableError as error:
        # Only here: an errback that cannot be stored raises it after a body began.
        return Run(Outcome.NOT_BEGUN, error=error)
    pool = _CallingThread()
    with executing(claim):
        request.execute_using_pool(pool)
    outcome = Outcome.AGAIN if acknowledgement.again else Outcome.FINISHED
    return Run(outcome, pool.status, pool.seconds, pool.error)


def record_loss(app: Celery, claim: Claim, hostname: str) -> None:
    """Store FAILURE with WorkerLostError for a body that died with its process.

    Does nothing when the body had already stored an outcome.
    """
    request = _request(app, claim, hostname, _Acknowledgement())
    if app.backend.get_state(request.id) in states.READY_STATES:
        return
    request.on_failure(_raised(_lost("the process died while the body ran")))


def record_fault(app: Celery, claim: Claim, error: Exception) -> None:
    """Store FAILURE for a message that Celery's code could not handle at all."""
    app.backend.mark_as_failure(claim.message.id, error)


def _request(
    app: Celery, claim: Claim, hostname: str, acknowledgement: _Acknowledgement
) -> Request:
    return Request(
        decode(claim.message, redelivered=claim.redelivered),
        on_ack=acknowledgement.ack,
        on_reject=acknowledgement.reject,
        app=app,
        hostname=hostname,
        task=app.tasks[claim.message.task],
    )


def _log_received(request: Request) -> None:
    context = {
        "id": request.id,
        "name": request.name,
        "args": request.argsrepr,
        "kwargs": request.kwargsrepr,
        "eta": request.eta,
    }
    logger.info(trace.LOG_RECEIVED, context, extra={"data": context})


class _CallingThread:
    """A pool in the sense of `Request.execute_using_pool`, without any process."""

    status = "failed"
    seconds = 0.0
    error: BaseException | None = None

    def apply_async(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        *,
        accept_callback: Callable[[int, float], None],
        callback: Callable[[Any], None],
        error_callback: Callable[[ExceptionInfo], None],
        **_: Any,
    ) -> None:
        begun = time.monotonic()
        accept_callback(os.getpid(), begun)
        try:
            outcome = target(*args)
            self.seconds = time.monotonic() - begun
            self.status, self.error = _status(*outcome[:2])
        except Exception:  # noqa: BLE001 - a pool reports it to the request
            error_callback(ExceptionInfo())
        except BaseException as exit_request:  # noqa: BLE001 - sys.exit() in a body
            error_callback(_raised(_lost(repr(exit_request))))
        else:
            callback(outcome)


def _status(failed: int, result: Any) -> tuple[str, BaseException | None]:
    """The status and error of what `trace_task_ret` returned."""
    if not failed:
        return "succeeded", None
    error = result.exception
    error = getattr(error, "exc", None) if isinstance(error, Wrapped) else error
    if isinstance(error, Retry):
        return "retried", None
    return ("ignored", None) if isinstance(error, Ignore) else ("failed", error)


def _lost(reason: str) -> WorkerLostError:
    return WorkerLostError(f"Worker exited prematurely: {reason}.")


def _raised(error: Exception) -> ExceptionInfo:
    try:
        raise error
    except WorkerLostError:
        return ExceptionInfo()
