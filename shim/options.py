"""Options that only a Celery worker can honour, refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kombu.serialization import registry

from .errors import UnsupportedOptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery, Task

_THREADS = "light tasks run in threads, which cannot be interrupted"
_REASONS = {
    "time_limit": f"{_THREADS}: use timeouts inside the body",
    "soft_time_limit": f"{_THREADS}: use timeouts inside the body",
    "rate_limit": "a limit for each worker has no meaning without workers",
    "serializer": "an outbox holds JSON and nothing else",
    "Request": "a custom Request belongs to the worker's pool",
    "Strategy": "a custom Strategy belongs to the worker's consumer",
}
_PLAIN = {
    "Request": "celery.worker.request:Request",
    "Strategy": "celery.worker.strategy:default",
    "serializer": "json",
}


def refuse_options(task: str, options: Mapping[str, Any]) -> None:
    """Raise UnsupportedOptionError for an option given to a decorator or a call."""
    for option in _REASONS:
        value = options.get(option)
        if value is None or value == _PLAIN.get(option):
            continue
        if option == "serializer" and value not in registry.name_to_type:
            continue  # kombu's own error at the call says more
        raise _refusal(task, option, value)


def refuse_task(task: Task) -> None:
    """Raise UnsupportedOptionError for what a bound task has from anywhere.

    Its base class, `task_annotations` and the app's defaults count. A time limit
    that the app sets for all tasks is the exception: see `app_wide_limits`.
    """
    app_wide = app_wide_limits(task.app)
    found = {
        option: value
        for option in _REASONS
        if (value := getattr(task, option, None)) is not None
        and value != app_wide.get(option)
    }
    refuse_options(task.name, found)


def app_wide_limits(app: Celery) -> dict[str, Any]:
    """Time limits that the app's configuration sets for every task.

    The runner does not enforce them; it says so once in the log, because refusing
    every task of such an app would leave nothing to move.
    """
    limits = {
        "time_limit": app.conf.task_time_limit,
        "soft_time_limit": app.conf.task_soft_time_limit,
    }
    return {name: value for name, value in limits.items() if value is not None}


def _refusal(task: str, option: str, value: Any) -> UnsupportedOptionError:
    message = (
        f"light task {task}: {option}={value!r} cannot be honoured, because "
        f"{_REASONS[option]}. Remove the option, or leave this task on Celery."
    )
    return UnsupportedOptionError(message)
