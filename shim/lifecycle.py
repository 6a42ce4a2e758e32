"""The one runner of a process: start, stop, and what happens at a fork or exit."""

from __future__ import annotations

import atexit
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery

    from .runners import Runner

_lock = threading.Lock()
_runner: Runner | None = None


def start_runner(app: Celery | None = None, **settings: Any) -> Runner:
    """Start the runner of this process, or return the one that runs already.

    Call it where the process begins to serve: FastAPI's lifespan, gunicorn's
    `post_fork`, the main function of a script; never at import. `app` is the
    current Celery app by default; `settings` are fields of `shim.settings.Settings`.
    A child of a fork starts its own. It is stopped when the process exits.
    """
    from .runners import Runner

    global _runner  # noqa: PLW0603 - the process has one runner
    with _lock:
        if _runner is None or _runner.pid != os.getpid():
            fresh = Runner(app, **settings)
            fresh.start()
            _runner = fresh
        return _runner


def current_runner() -> Runner | None:
    """The runner of this process, if one runs."""
    found = _runner
    return found if found is not None and found.pid == os.getpid() else None


def stop_runner(grace: float | None = None) -> bool:
    """Stop the runner of this process, see `Runner.stop`; True when none runs."""
    global _runner
    with _lock:
        stopping, _runner = _runner, None
    if stopping is None or stopping.pid != os.getpid():
        return True
    return stopping.stop(grace)


@contextmanager
def runner() -> Iterator[Runner]:
    """A runner while the block lasts: `with shim.runner(): ...`."""
    running = start_runner()
    try:
        yield running
    finally:
        stop_runner()


def _forget_parents_runner() -> None:
    global _lock, _runner
    _lock, _runner = threading.Lock(), None


atexit.register(stop_runner)
os.register_at_fork(after_in_child=_forget_parents_runner)
