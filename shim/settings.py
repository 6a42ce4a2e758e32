"""What a project tells the shim: `configure(...)` and environment variables."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from celery import Celery

    from .outbox import Outbox


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; times are seconds.

    outbox: a store, or its name (see `shim.outbox.choice.open_outbox`).
    routes: task name -> "light", "celery" or a percentage of calls that go light.
    concurrency: how many bodies run at once in this process's runner.
    grace: how long a stopping runner waits for running bodies.
    lease: how long a silent runner is believed to be alive.
    poll: the longest time until a call of another process is seen.
    """

    outbox: Outbox | str | None = None
    routes: Mapping[str, Any] | None = None
    concurrency: int = 4
    grace: float = 25.0
    lease: float = 30.0
    poll: float = 1.0


_NUMBERS: dict[str, Callable[[str], Any]] = {
    "concurrency": int,
    "grace": float,
    "lease": float,
    "poll": float,
}

_lock = threading.RLock()
_given: dict[str, Any] = {}
_opened: Outbox | None = None


def configure(**settings: Any) -> None:
    """Set any of the fields of `Settings`; what is not given stays as it is.

    Overrides SHIM_OUTBOX, SHIM_ROUTES, SHIM_CONCURRENCY, SHIM_GRACE, SHIM_LEASE
    and SHIM_POLL. A new outbox is used by the next call and the next runner; a
    runner that already runs keeps its own. None returns a setting to its source.
    """
    unknown = settings.keys() - {field.name for field in fields(Settings)}
    if unknown:
        message = f"configure() has no setting {', '.join(sorted(unknown))}"
        raise ConfigurationError(message)
    global _opened  # noqa: PLW0603 - the process has one configuration
    with _lock:
        _given.update(settings)
        for name in [name for name, value in _given.items() if value is None]:
            del _given[name]
        if "outbox" in settings:
            _opened = None


@contextmanager
def overridden(**settings: Any) -> Iterator[None]:
    """`configure` for the length of a block; afterwards all is as it was."""
    global _opened, _given
    with _lock:
        before = dict(_given), _opened
    try:
        configure(**settings)
        yield
    finally:
        with _lock:
            _given, _opened = before


def current(**overrides: Any) -> Settings:
    """The settings in force, checked; `overrides` win over every other source."""
    values: dict[str, Any] = {}
    if choice := os.environ.get("SHIM_OUTBOX"):
        values["outbox"] = choice
    for name, convert in _NUMBERS.items():
        variable = f"SHIM_{name.upper()}"
        if text := os.environ.get(variable):
            values[name] = _number(variable, text, convert)
    return _checked(replace(Settings(**values), **{**_given, **overrides}))


def current_outbox(app: Celery | None = None) -> Outbox:
    """The store of this process, opened at the first use, if need be for `app`.

    Raises ConfigurationError when the choice cannot be used.
    """
    global _opened  # noqa: PLW0603 - the process has one configuration
    outbox = _opened
    if outbox is not None:
        return outbox
    with _lock:
        if _opened is None:
            choice = current().outbox
            _opened = _open(choice, app)
        return _opened


def _open(choice: Outbox | str | None, app: Celery | None) -> Outbox:
    if choice is not None and not isinstance(choice, str):
        return choice
    from .outbox.choice import open_outbox

    return open_outbox(choice, app)


def _number(variable: str, text: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(text)
    except ValueError:
        message = f"{variable}={text!r} is not a number"
        raise ConfigurationError(message) from None


def _checked(settings: Settings) -> Settings:
    for name in ("concurrency", "lease", "poll"):
        if getattr(settings, name) <= 0:
            message = f"{name} must be above 0, not {getattr(settings, name)}"
            raise ConfigurationError(message)
    return settings


def given_routes() -> Mapping[str, Any] | None:
    """The routes given to `configure`, without reading the rest of the settings."""
    routes: Mapping[str, Any] | None = _given.get("routes")
    return routes


def _forget_parents_lock() -> None:
    global _lock  # noqa: PLW0603 - a thread of the parent may have held it
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_forget_parents_lock)
