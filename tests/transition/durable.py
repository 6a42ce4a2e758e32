"""Processes that die at a chosen step, and the ledger that outlives them.

A ledger is a file that every run appends one line to, in one write.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import warnings
from pathlib import Path

from celery import Celery

import shim
from shim.outbox.choice import open_outbox

FORK = multiprocessing.get_context("fork")
LEASE = 0.5


def write(ledger, *words):
    handle = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (" ".join(map(str, words)) + "\n").encode())
    os.close(handle)


def read(ledger):
    return Path(ledger).read_text().splitlines() if Path(ledger).exists() else []


def die():
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def build(backend, ledger, point=""):
    """An app with an early, a late and a retried task; bodies may die at `point`."""
    broker = os.environ.get("DURABLE_BROKER", backend)
    app = Celery("durable", broker=broker, backend=backend, set_as_current=False)

    def body(task_id):
        write(ledger, "begin", task_id)
        if point == "in the body":
            die()
        write(ledger, "end", task_id)
        return "done"

    @shim.light_task(name="early", app=app, bind=True, shared=False)
    def early(self):
        return body(self.request.id)

    @shim.light_task(name="late", app=app, bind=True, acks_late=True, shared=False)
    def late(self):
        return body(self.request.id)

    def again(self):
        write(ledger, "attempt", self.request.retries)
        if self.request.retries == 0:
            raise self.retry(countdown=0)
        return "done"

    for name, acks_late in (("early-retried", False), ("late-retried", True)):
        shim.light_task(
            name=name, app=app, bind=True, acks_late=acks_late, shared=False
        )(again)
    return app


class DyingOutbox:
    """An outbox in a process that dies right after, or before, one of its steps."""

    def __init__(self, outbox, point):
        self._outbox = outbox
        self._when, _, self._step = point.partition(" ")

    def __getattr__(self, name):
        method = getattr(self._outbox, name)
        if name != self._step:
            return method

        def step(*given, **named):
            if self._when == "before":
                die()
            outcome = method(*given, **named)
            if outcome not in ([], False):
                die()
            return outcome

        return step


def run_until_killed(choice, backend, ledger, point):
    """A runner's process; it never ends by itself."""
    app = build(backend, ledger, point)
    outbox = open_outbox(choice, app)
    dying = DyingOutbox(outbox, point) if point else outbox
    shim.configure(outbox=dying, poll=0.05)
    if point == "before result":
        type(app.backend).mark_as_done = lambda *_given, **_named: die()
    with shim.Runner(app, dying, lease=LEASE):
        time.sleep(60)


def put_and_die(choice, backend, ledger, name, task_id):
    shim.configure(outbox=choice)
    build(backend, ledger).tasks[name].apply_async(task_id=task_id)
    die()


def _quietly(target, *arguments):
    # redis-py deprecates what Celery calls, and pytest turns warnings into errors.
    warnings.simplefilter("ignore")
    target(*arguments)


def start(target, *arguments):
    process = FORK.Process(target=_quietly, args=(target, *arguments), daemon=True)
    process.start()
    return process


def kill(process):
    process.kill()
    process.join(10)
