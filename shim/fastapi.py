"""FastAPI and Starlette: the runner lives as long as the application serves.

app = FastAPI(lifespan=lifespan)               # alone
app = FastAPI(lifespan=lifespan(existing))     # around a lifespan you have
"""

from __future__ import annotations

import asyncio
import inspect
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, overload

from starlette.applications import Starlette

from .lifecycle import start_runner, stop_runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]


@overload
def lifespan(served: Starlette) -> AbstractAsyncContextManager[None]: ...


@overload
def lifespan(served: Callable[[Any], Any]) -> Lifespan: ...


def lifespan(served: Any) -> Any:
    """Start this process's runner before the first request, stop it after the last.

    Given an application, it is a lifespan, which runs the `on_event` handlers as the
    one it takes the place of did. Given another lifespan, it returns one that starts
    the runner inside it, so that bodies find what it has set up, and hands on the state
    it yields. With several uvicorn workers each has a runner;
    they share the outbox.
    """
    if isinstance(served, Starlette):
        return _in_place_of_default(served)
    return _around(served)


@asynccontextmanager
async def _in_place_of_default(served: Starlette) -> AsyncIterator[None]:
    # FastAPI calls these handlers from its own lifespan and from no other. A Starlette
    # that is new enough has none.
    router = served.router
    await _call_all(getattr(router, "on_startup", ()))
    try:
        async with _serve():
            yield
    finally:
        await _call_all(getattr(router, "on_shutdown", ()))


async def _call_all(handlers: Iterable[Callable[[], Any]]) -> None:
    for handler in handlers:
        answer = handler()
        if inspect.isawaitable(answer):
            await answer


@asynccontextmanager
async def _serve() -> AsyncIterator[None]:
    # Starting reads the app's configuration and stopping waits for bodies: neither
    # may hold up the event loop.
    await asyncio.to_thread(start_runner)
    try:
        yield
    finally:
        await asyncio.to_thread(stop_runner)


def _around(existing: Callable[[Any], Any]) -> Lifespan:
    if inspect.isasyncgenfunction(existing):
        existing = asynccontextmanager(existing)

    @asynccontextmanager
    async def both(served: Any) -> AsyncIterator[Any]:
        async with existing(served) as state, _serve():
            yield state

    return both
