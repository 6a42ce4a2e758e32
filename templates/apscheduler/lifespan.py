"""Runs the scheduler inside a FastAPI application, instead of a process of its own.

    app = FastAPI(lifespan=lifespan())            # alone
    app = FastAPI(lifespan=lifespan(my_lifespan))  # around an existing one

Each web worker then has a scheduler; the claims let one of them run each slot. Light
jobs only: they share the process with the requests. The file is yours to change.
"""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from . import config
from .scheduler import create_scheduler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


def lifespan(existing: Lifespan | None = None) -> Lifespan:
    """A lifespan that starts the scheduler first and stops it last.

    Alone it calls the application's `on_event` handlers, as the default one does.
    """

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[Any]:
        scheduler: Any = create_scheduler()
        scheduler.start()
        try:
            async with (existing or _handlers)(app) as state:
                yield state
        finally:
            await scheduler.stop(config.number("SHUTDOWN_GRACE", 25.0))

    return run


@asynccontextmanager
async def _handlers(app: Any) -> AsyncIterator[None]:
    await _call_all(getattr(app.router, "on_startup", ()))
    try:
        yield
    finally:
        await _call_all(getattr(app.router, "on_shutdown", ()))


async def _call_all(handlers: Iterable[Callable[[], Any]]) -> None:
    for handler in handlers:
        answer = handler()
        if inspect.isawaitable(answer):
            await answer
