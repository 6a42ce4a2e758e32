"""For the tests of a project that has light tasks.

Use it as a pytest plugin, `pytest_plugins = ["shim.testing"]`, and ask for the
fixture `light_outbox`; or call `memory_outbox()` around a test.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from celery import current_app
from kombu.utils.json import loads

from . import settings
from .execution import Outcome, execute
from .outbox.memory import MemoryOutbox
from .publishing import light_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from celery import Celery
    from celery.result import AsyncResult

    from .message import Claim, Message

_OWNER = "shim.testing"
_MANY = 10_000


class Call(NamedTuple):
    """One stored call of a task."""

    task: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    id: str


@contextmanager
def memory_outbox() -> Iterator[MemoryOutbox]:
    """Calls made in the block wait in memory, and are forgotten after it."""
    outbox = MemoryOutbox()
    with settings.overridden(outbox=outbox):
        yield outbox


def enqueued(task: Any = None) -> list[Call]:
    """The calls that wait, oldest first; of one task, or of all."""
    calls = [_call(message) for message in _memory().messages()]
    return [call for call in calls if task is None or call.task == _name(task)]


def assert_enqueued(task: Any, *args: Any, **kwargs: Any) -> Call:
    """Return the waiting call of the task with exactly these arguments.

    AssertionError, with what does wait, when there is none.
    """
    wanted = (list(args), kwargs)
    for call in enqueued(task):
        if (list(call.args), dict(call.kwargs)) == wanted:
            return call
    others = [f"{c.task}(*{c.args}, **{c.kwargs})" for c in enqueued()] or ["nothing"]
    message = f"no call of {_name(task)} with {wanted} waits, but {', '.join(others)}"
    raise AssertionError(message)


def run_all(
    app: Celery | None = None, *, ahead: bool = True, propagate: bool = True
) -> list[AsyncResult]:
    """Execute what waits, in this thread, until nothing is left.

    What the bodies themselves enqueue runs too, retries included; with `ahead`
    also what is not due yet. With `propagate` the error of a task that fails for
    good is raised. Returns the results in the order of the runs.
    """
    app = app or current_app._get_current_object()  # noqa: SLF001 - the app itself
    app.finalize()
    results: list[AsyncResult] = []
    for _ in range(_MANY):
        claims = _memory().claim(_OWNER, light_names(app), 1, 60.0, ahead=ahead)
        if not claims:
            return results
        results.append(_run(app, claims[0], propagate=propagate))
    message = f"{_MANY} runs, and still a call waits: does a task enqueue itself?"
    raise AssertionError(message)


def _run(app: Celery, claim: Claim, *, propagate: bool) -> AsyncResult:
    outbox = _memory()
    run = execute(app, claim, outbox, _OWNER)
    if run.outcome is Outcome.AGAIN:
        outbox.release(claim, redelivered=True)
    else:
        outbox.finish(claim)
    if propagate and run.status == "failed" and run.error is not None:
        raise run.error
    return app.AsyncResult(claim.message.id)


def _memory() -> MemoryOutbox:
    outbox = settings.current_outbox()
    if isinstance(outbox, MemoryOutbox):
        return outbox
    message = "shim.testing needs the memory outbox: use memory_outbox() in this test"
    raise AssertionError(message)


def _call(message: Message) -> Call:
    args, kwargs, _ = loads(message.body)
    return Call(message.task, args, kwargs, message.id)


def _name(task: Any) -> str:
    return task if isinstance(task, str) else str(task.name)


def _fixture() -> Iterator[MemoryOutbox]:
    """A fresh memory outbox for the test."""
    with memory_outbox() as outbox:
        yield outbox


try:
    import pytest
except ImportError:  # the functions above work under any test runner
    light_outbox = _fixture
else:
    light_outbox = pytest.fixture(name="light_outbox")(_fixture)
