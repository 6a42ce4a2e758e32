"""A Celery app whose light tasks wait in memory, fresh for every test."""

from __future__ import annotations

import pytest
from celery import Celery, _state

import shim
from shim.outbox.memory import MemoryOutbox


@pytest.fixture
def later(app):
    """An app that is made after the tasks of a test."""
    made = []

    def make():
        made.append(Celery("later", broker="memory://"))
        return made[-1]

    yield make
    for later in made:
        later.close()


@pytest.fixture
def app():
    # Celery gives every task to every later and every living app; tests must not
    # inherit them from each other, nor from an app that a pytest plugin made.
    finalizers, others = set(_state._on_app_finalizers), list(_state._apps)
    _state._apps.clear()
    app = Celery("unit", broker="memory://", backend="cache+memory://")
    app.set_default()
    yield app
    shim.stop_runner(grace=5)
    app.close()
    _state._on_app_finalizers.clear()
    _state._on_app_finalizers.update(finalizers)
    for other in others:
        _state._apps.add(other)


@pytest.fixture
def outbox():
    outbox = MemoryOutbox()
    shim.configure(outbox=outbox, poll=0.05)
    yield outbox
    shim.configure(outbox=None, routes=None, poll=None)


@pytest.fixture
def add(app, outbox):
    """A light task of the app, its calls go to the outbox."""

    @shim.light_task(name="add", app=app)
    def add(a, b=0):
        return a + b

    return add
