"""The errors of the shim.

    ShimError
    ├── ConfigurationError       a setting that cannot be used, at first use
    ├── UnsupportedOptionError   an option that only a Celery worker can honour
    ├── AdoptionError            light_task was put on something that is no task
    └── OutboxUnavailableError   the store refused the call; nothing was enqueued

`OutboxUnavailableError` is also kombu's `OperationalError`, which is what callers
of `.delay()` already catch when their broker is down.
"""

from __future__ import annotations

from kombu.exceptions import OperationalError


class ShimError(Exception):
    """Base of every error that the shim raises on its own account."""


class ConfigurationError(ShimError):
    """A setting that cannot be used; the message names it and the way out."""


class UnsupportedOptionError(ShimError):
    """An option that only a Celery worker can honour; nothing was enqueued."""


class AdoptionError(ShimError):
    """`light_task` was put above something it cannot turn into a light task."""


class OutboxUnavailableError(ShimError, OperationalError):
    """The outbox could not store the call; nothing was enqueued."""
