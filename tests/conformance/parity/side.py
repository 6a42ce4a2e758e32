"""The app both sides share, and the decorator that makes the difference.

PARITY_SIDE is `celery` or the kind of outbox. Everything else is equal: the tasks,
the broker, the result backend, and a prefork worker for the heavy tasks.
"""

from __future__ import annotations

import json
import os

import redis
from celery import Celery, Task, signals

import shim

SIDE = os.environ["PARITY_SIDE"]
REDIS = os.environ["PARITY_REDIS"]
BROKER = os.environ.get("PARITY_BROKER", REDIS)

store = redis.Redis.from_url(REDIS, decode_responses=True)

app = Celery("parity", broker=BROKER, backend=REDIS)
app.conf.update(
    broker_connection_retry_on_startup=True,
    result_extended=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_annotations={"annotated": {"max_retries": 7}},
)
if SIDE != "celery":
    shim.configure(outbox=os.environ["PARITY_OUTBOX"], poll=0.2)


def task(*args, **options):
    """`app.task` on one side, `light_task` on the other."""
    if SIDE == "celery":
        return app.task(*args, **options)
    return shim.light_task(*args, app=app, **options)


def note(task_id, *what):
    """Append to the list of what happened to a call, seen by all processes."""
    store.rpush(f"notes:{task_id}", json.dumps(what, default=repr))


def notes(task_id):
    return [json.loads(line) for line in store.lrange(f"notes:{task_id}", 0, -1)]


class Hooked(Task):
    """Notes every hook, and raises in the one that `raises_in` names."""

    raises_in = None

    def _note(self, hook, task_id, *rest):
        note(task_id, hook, *rest)
        if self.raises_in == hook:
            raise RuntimeError(hook)

    def before_start(self, *given):
        task_id, args, kwargs = given
        self._note("before_start", task_id, args, kwargs)

    def on_success(self, *given):
        self._note("on_success", given[1], given[0])

    def on_failure(self, *given):
        exc, task_id, _args, _kwargs, einfo = given
        self._note("on_failure", task_id, repr(exc), type(einfo).__name__)

    def on_retry(self, *given):
        self._note("on_retry", given[1], repr(given[0]))

    def after_return(self, *given):
        status, retval, task_id, _args, _kwargs, einfo = given
        self._note("after_return", task_id, status, repr(retval), einfo is None)


def _watch(signal, name):
    def receiver(sender=None, **given):
        who = getattr(sender, "name", sender)
        task_id = given.get("task_id") or getattr(sender, "request", {}).id
        if str(who).startswith("watched"):
            note(task_id, name, given.get("state"))

    signal.connect(receiver, weak=False)


_watch(signals.task_prerun, "prerun")
_watch(signals.task_postrun, "postrun")
_watch(signals.task_success, "success")
_watch(signals.task_failure, "failure")
_watch(signals.task_retry, "retry")


@signals.task_revoked.connect(weak=False)
def _on_revoked(sender=None, request=None, **given):
    note(request.id, "revoked", given["terminated"], given["expired"])
