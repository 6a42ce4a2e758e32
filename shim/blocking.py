"""`result.get()` inside a body is refused, as in a worker, and only there.

Celery keeps one flag for the whole process, because a worker's child does nothing
but run bodies. Here requests are served in the same process, so the flag becomes
an object that is true in the runner's threads alone.
"""

from __future__ import annotations

import threading

from celery import _state


class _InRunnerThread:
    def __bool__(self) -> bool:
        return getattr(_here, "runs_bodies", False) or bool(_before)


_here = threading.local()
_flag = _InRunnerThread()
_before = False


def mark_this_thread() -> None:
    """From now on this thread runs bodies."""
    _here.runs_bodies = True


def runner_started() -> None:
    global _before  # noqa: PLW0603 - Celery's own flag is one for the process
    present = _state.task_join_will_block()
    if present is not _flag:
        _before = present
        _state._set_task_join_will_block(_flag)  # noqa: SLF001


def runner_stopped() -> None:
    if _state.task_join_will_block() is _flag:
        _state._set_task_join_will_block(_before)  # noqa: SLF001
