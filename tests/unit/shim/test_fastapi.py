"""The runner lives as long as the web application serves."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from shim import lifecycle
from shim.fastapi import lifespan
from tests.servers import free_port, wait_until


@contextmanager
def served(add, **options):
    """The address of a real server with one endpoint, which calls the task."""
    web = FastAPI(**options)

    @web.get("/")
    def call(request: Request):
        result = add.delay(20, 22)
        wait_until(result.ready, timeout=5)
        state = getattr(request.state, "greeting", None)
        return {"result": result.result, "greeting": state}

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(web, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(10)


def test_alone(add):
    with served(add, lifespan=lifespan) as url:
        assert httpx.get(url).json() == {"result": 42, "greeting": None}
        assert lifecycle._runner is not None
    assert lifecycle._runner is None


def test_alone_it_calls_the_handlers_of_the_application(add):
    """As FastAPI's own lifespan does, whose place it takes; no other calls them."""
    events = []

    async def begins():
        events.append(("begins", lifecycle._runner is None))

    def ends():
        events.append(("ends", lifecycle._runner is None))

    handlers = {"on_startup": [begins], "on_shutdown": [ends]}
    with served(add, lifespan=lifespan, **handlers) as url:
        assert httpx.get(url).json()["result"] == 42
        assert events == [("begins", True)]
    assert events == [("begins", True), ("ends", True)]


def test_around_a_lifespan_keeps_its_state_and_order(add):
    events = []

    @asynccontextmanager
    async def existing(web):
        events.append(("begins", lifecycle._runner is None))
        yield {"greeting": "hello"}
        events.append(("ends", lifecycle._runner is None))

    with served(add, lifespan=lifespan(existing)) as url:
        assert httpx.get(url).json() == {"result": 42, "greeting": "hello"}
    assert events == [("begins", True), ("ends", True)]


def test_around_a_lifespan_of_the_old_kind(add):
    async def existing(web):
        yield

    with served(add, lifespan=lifespan(existing)) as url:
        assert httpx.get(url).json()["result"] == 42


def test_an_error_at_the_start_leaves_no_runner(add):
    @asynccontextmanager
    async def broken(web):
        message = "at the start"
        raise RuntimeError(message)
        yield

    async def start():
        async with lifespan(broken)(None):
            pass

    with pytest.raises(RuntimeError, match="at the start"):
        asyncio.run(start())
    assert lifecycle._runner is None


def test_an_error_at_the_end_leaves_no_runner(add):
    @asynccontextmanager
    async def broken(web):
        yield
        message = "at the end"
        raise RuntimeError(message)

    with served(add, lifespan=lifespan(broken)) as url:
        assert httpx.get(url).json()["result"] == 42
    assert lifecycle._runner is None
