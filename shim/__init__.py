"""Celery tasks without Celery workers, for the light ones, while a project moves.

A light task is a real Celery task: the same decorator options, the same
`.delay()`, signatures, retries and results. Only the middle is replaced. Its
message is stored in an outbox, and a runner inside a process of the project takes
it out and executes it with Celery's own code.

Nothing happens at import. Names load the first time they are used, so a process
that only mentions this package pays nothing for SQLAlchemy, Redis or APScheduler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .decorator import light_task
    from .errors import (
        AdoptionError,
        ConfigurationError,
        OutboxUnavailableError,
        ShimError,
        UnsupportedOptionError,
    )
    from .lifecycle import runner, start_runner, stop_runner
    from .message import Claim, Message
    from .outbox import Outbox
    from .runners import Runner
    from .settings import configure
    from .transactions import enqueue_in

__all__ = [
    "AdoptionError",
    "Claim",
    "ConfigurationError",
    "Message",
    "Outbox",
    "OutboxUnavailableError",
    "Runner",
    "ShimError",
    "UnsupportedOptionError",
    "configure",
    "enqueue_in",
    "light_task",
    "runner",
    "start_runner",
    "stop_runner",
]

_HOMES = {
    "AdoptionError": "errors",
    "Claim": "message",
    "ConfigurationError": "errors",
    "Message": "message",
    "Outbox": "outbox",
    "OutboxUnavailableError": "errors",
    "Runner": "runners",
    "ShimError": "errors",
    "UnsupportedOptionError": "errors",
    "configure": "settings",
    "enqueue_in": "transactions",
    "light_task": "decorator",
    "runner": "lifecycle",
    "start_runner": "lifecycle",
    "stop_runner": "lifecycle",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
