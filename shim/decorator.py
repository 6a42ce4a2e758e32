"""`light_task`: Celery's own decorators, and a mark on what they make."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Concatenate, Literal, TypeVar, overload

from celery import Task, shared_task
from celery._state import _get_active_apps, connect_on_app_finalize
from celery.local import PromiseProxy, Proxy

from .errors import AdoptionError
from .options import refuse_options
from .publishing import MARK, declare

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from .protocols import LightTask, P

R = TypeVar("R")


@overload
def light_task(function: Callable[P, R], /) -> LightTask[P, R]: ...


@overload
def light_task(
    *, app: Celery | None = ..., bind: Literal[True], **options: Any
) -> Callable[[Callable[Concatenate[Any, P], R]], LightTask[P, R]]: ...


@overload
def light_task(
    *, app: Celery | None = ..., bind: Literal[False] = ..., **options: Any
) -> Callable[[Callable[P, R]], LightTask[P, R]]: ...


def light_task(*args: Any, app: Celery | None = None, **options: Any) -> Any:
    """Make a light task; a drop-in for `shared_task`, or with `app=` for `app.task`.

    Takes every option of Celery's decorators and returns what they return: a
    proxy of a real `celery.Task`, registered under `name`. Put above another
    decorator that already makes a Celery task, it turns that task into a light one
    and keeps its name and options.

    Raises UnsupportedOptionError for an option that needs a Celery worker; options
    that come from the configuration are checked at the first call and when a
    runner starts. Raises TypeError where Celery's decorators do.
    """
    if len(args) == 1 and _is_task(args[0]):
        return _adopt(args[0], options)
    decorate = shared_task if app is None else app.task
    if args and (len(args) > 1 or not callable(args[0])):
        return decorate(*args, **options)  # raises Celery's TypeError
    refuse_options(options.get("name") or "without a name", options)
    declare(options.get("name"))
    options[MARK] = True
    if args:
        return decorate(*args, **options)
    return _Decorator(decorate(**options), options)


class _Decorator:
    """What `light_task(...)` with options returns: it may yet meet a task."""

    def __init__(self, decorate: Callable[[Any], Any], options: dict[str, Any]) -> None:
        self._decorate = decorate
        self._options = options

    def __call__(self, function: Any) -> Any:
        if _is_task(function):
            options = {k: v for k, v in self._options.items() if k != MARK}
            return _adopt(function, options)
        return self._decorate(function)


def _is_task(candidate: Any) -> bool:
    # `type` and not `isinstance`, which would evaluate a lazy proxy.
    kind = type(candidate)
    return kind in {Proxy, PromiseProxy} or issubclass(kind, Task)


def _adopt(task: Any, options: dict[str, Any]) -> Any:
    name = options.pop("name", None)
    if options:
        message = (
            f"light_task({', '.join(sorted(options))}=...) is above a decorator that "
            "already makes a Celery task: move the options into that decorator"
        )
        raise AdoptionError(message)
    declare(name)
    if type(task) is PromiseProxy and not task.__evaluated__():
        # These are the options the task will be created with, in every app.
        object.__getattribute__(task, "_Proxy__kwargs")[MARK] = True
    elif type(task) is Proxy:
        _mark_shared(task, name)
    else:
        setattr(task, MARK, True)
    return task


def _mark_shared(proxy: Proxy, name: str | None) -> None:
    """Mark a shared task in every app, which each create it when they finalize."""
    made = object.__getattribute__(proxy, "_Proxy__local")
    parts = inspect.getclosurevars(made).nonlocals if callable(made) else {}
    if "fun" not in parts:
        message = "light_task is above a proxy that Celery's shared_task did not make"
        raise AdoptionError(message)
    function, own_name = parts["fun"], parts.get("name") or name

    def mark(app: Celery) -> None:
        where = own_name or app.gen_task_name(function.__name__, function.__module__)
        setattr(app.tasks[where], MARK, True)

    def mark_later(app: Celery) -> None:
        # Finalizers run in no order; what is pending runs after all of them.
        app._pending.append(PromiseProxy(mark, (app,)))  # noqa: SLF001

    declare(own_name)
    connect_on_app_finalize(mark_later)
    for app in _get_active_apps():
        if app.finalized:
            mark(app)
