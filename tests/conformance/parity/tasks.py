"""Tasks whose behaviour is compared; `heavy.*` run on the worker on both sides."""

from __future__ import annotations

import contextvars
import datetime as dt
import threading
import time

from celery import Task, current_task, group
from celery.exceptions import Ignore, Reject

from .side import Hooked, app, note, store, task

caller_context = contextvars.ContextVar("caller", default="unset")


class PositionalError(Exception):
    def __init__(self, code, detail):
        super().__init__(code, detail)
        self.code = code


class KeywordError(Exception):
    def __init__(self, *, code):
        super().__init__(f"code {code}")


class ExpectedError(Exception):
    pass


@task(name="echo")
def echo(*args, **kwargs):
    return [list(args), kwargs]


@task(name="add")
def add(a, b=2):
    """Adds two numbers."""
    return a + b


@task(name="types")
def types(value):
    return [type(value).__name__, repr(value)]


@task(name="give")
def give(kind):
    return {
        "tuple": (1, (2, 3)),
        "none": None,
        "set": {1},
        "bytes": b"x",
        "datetime": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
        "object": object,
        "intkeys": {1: 2},
        "nan": float("inf"),
    }[kind]


@task(name="fail")
def fail(kind="value"):
    if kind == "positional":
        raise PositionalError(7, "seven")
    if kind == "keyword":
        raise KeywordError(code=7)
    if kind == "cause":
        raise ValueError("outer") from KeyError("inner")
    if kind == "exit":
        raise SystemExit(3)
    raise ValueError("wrong", 42)


@task(name="throws", throws=(ExpectedError,))
def throws():
    raise ExpectedError("as agreed")


@task(name="bound", bind=True)
def bound(self, a):
    return [self.name, a, self.request.called_directly]


@task(name="inspect", bind=True)
def inspect(self, *args, **kwargs):
    request = self.request
    names = (
        "args kwargs retries eta expires timelimit reply_to called_directly is_eager "
        "root_id parent_id group group_index chord chain shadow headers callbacks "
        "errbacks delivery_info correlation_id ignore_result argsrepr kwargsrepr task "
        "replaced_task_nesting stamps stamped_headers"
    )
    found = {name: getattr(request, name, "missing") for name in names.split()}
    found["custom"] = request.get("custom")
    found["id"] = request.id
    found["current"] = current_task.name
    found["origin"] = str(request.origin).count("@")
    return found


@task(name="inside")
def inside():
    """What a body sees of the process around it."""
    return {
        "context": caller_context.get(),
        "current_task": current_task.name,
        "thread": threading.current_thread() is threading.main_thread(),
    }


@task(name="gets")
def gets():
    try:
        return add.delay(1, 1).get(timeout=5)
    except RuntimeError as error:
        return str(error)[:40]


@task(name="nested", bind=True)
def nested(self):
    return add.delay(1, 1).id


@task(name="custom_state", bind=True)
def custom_state(self):
    self.update_state(state="PROGRESS", meta={"done": 1})
    wait_for(self.request.id)
    return "end"


@task(name="started", bind=True, track_started=True)
def started(self):
    wait_for(self.request.id)
    return "end"


def wait_for(task_id):
    """Wait until the case opens the gate of this call."""
    store.blpop([f"gate:{task_id}"], timeout=10)


@task(name="ignoring", ignore_result=True)
def ignoring():
    return 1


@task(name="notes", bind=True)
def notes_run(self, what="ran"):
    note(self.request.id, what)
    return what


@task(name="untyped", typing=False)
def untyped(a):
    return a


@task(name="hooked", base=Hooked)
def hooked(*, fails=False):
    if fails:
        raise ValueError("hooked")
    return "fine"


def _raising(hook):
    @task(name=f"hook_{hook}", base=Hooked, raises_in=hook)
    def body(*, fails=False):
        note(body.request.id, "body")
        if fails:
            raise ValueError("body")
        return "fine"

    return body


hook_raises = {
    hook: _raising(hook)
    for hook in ("before_start", "on_success", "on_failure", "after_return")
}


@task(name="watched", base=Hooked, bind=True, max_retries=1)
def watched(self, what):
    note(self.request.id, "body")
    if what == "fail":
        raise ValueError(what)
    if what == "retry":
        raise self.retry(exc=KeyError("again"), countdown=0.3)
    if what == "reject":
        raise Reject("no", requeue=False)
    if what == "ignore":
        raise Ignore
    return what


@task(name="retries", bind=True, max_retries=2)
def retries(self, countdown=0.3, **options):
    note(self.request.id, self.request.retries, self.request.get("custom"))
    raise self.retry(exc=ValueError("still"), countdown=countdown, **options)


@task(name="retries_bare", bind=True, max_retries=1)
def retries_bare(self):
    raise self.retry(countdown=0.1)


@task(name="retries_inside_except", bind=True, max_retries=0)
def retries_inside_except(self):
    try:
        {}["cause"]
    except KeyError:
        self.retry(countdown=0)


@task(name="retries_with_args", bind=True)
def retries_with_args(self, number):
    if number < 3:
        raise self.retry(args=(number + 1,), countdown=0.2)
    return [number, self.request.retries]


@task(name="retries_softly", bind=True)
def retries_softly(self):
    if self.request.retries == 0:
        self.retry(countdown=0.3, throw=False)
        note(self.request.id, "went on")
        return "first"
    note(self.request.id, "second")
    return "second"


@task(name="retries_unencodable", bind=True)
def retries_unencodable(self):
    raise self.retry(args=(object(),), countdown=0)


@task(name="retry_state", bind=True, max_retries=1)
def retry_state(self):
    if self.request.retries:
        return "second"
    raise self.retry(exc=ValueError("first"), countdown=1)


@task(
    name="auto",
    autoretry_for=(ValueError,),
    max_retries=2,
    retry_backoff=False,
    default_retry_delay=0.2,
)
def auto(*, dont=False):
    note(auto.request.id, auto.request.retries)
    if dont:
        raise KeyError("not this one")
    raise ValueError("auto")


@task(
    name="backoff",
    bind=True,
    autoretry_for=(ValueError,),
    retry_backoff=2,
    retry_jitter=False,
    max_retries=1,
)
def backoff(self):
    note(self.request.id, self.request.retries, time.time())
    raise ValueError("backoff")


@task(name="annotated")
def annotated():
    return annotated.max_retries


@task(name="ignores", bind=True)
def ignores(self, state=None):
    if state:
        self.update_state(state=state, meta="own")
    note(self.request.id, "ran")
    raise Ignore


@task(name="rejects", bind=True)
def rejects(self):
    note(self.request.id, "ran")
    raise Reject("no", requeue=False)


@task(name="requeues", bind=True, acks_late=True)
def requeues(self):
    redelivered = bool(self.request.delivery_info["redelivered"])
    note(self.request.id, redelivered)
    if not redelivered:
        raise Reject("again", requeue=True)
    return "done"


@task(name="is_async")
async def is_async():
    return 1


@task(name="total")
def total(numbers):
    return sum(numbers)


@task(name="failed_note")
def failed_note(*args):
    """An errback of one argument gets the id, of three the request and error."""
    key = args[0] if isinstance(args[0], str) else args[0].id
    note(key, "errback", len(args))


@task(name="replaces", bind=True)
def replaces(self):
    raise self.replace(add.s(20, 22))


@task(name="replaces_by_group", bind=True)
def replaces_by_group(self):
    raise self.replace(group(add.s(1, 1), add.s(2, 2)))


@task(name="adds_to_chord", bind=True)
def adds_to_chord(self):
    self.add_to_chord(add.s(10, 10))
    return 1


class Called(Task):
    def __call__(self, *args, **kwargs):
        note(self.request.id, "called", args)
        return super().__call__(*args, **kwargs) + 1


@task(name="called", base=Called)
def called(number):
    note(called.request.id, "body")
    return number


class Overriding(Task):
    def apply_async(self, args=None, kwargs=None, **options):
        options["headers"] = {"custom": "from the class"}
        return super().apply_async((args[0] + 1,), kwargs, **options)


@task(name="overriding", base=Overriding, bind=True)
def overriding(self, number):
    return [number, self.request.get("custom")]


class SeesRequest(Task):
    def before_start(self, task_id, _args, _kwargs):
        note(task_id, self.request.get("custom"), self.request.id == task_id)

    def after_return(self, _status, _value, task_id, *_):
        note(task_id, self.request.get("custom"), self.request.retries)


@task(name="sees_request", base=SeesRequest)
def sees_request(number):
    return number


@task(name="retries_at", bind=True, max_retries=1)
def retries_at(self):
    note(self.request.id, self.request.retries)
    when = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=0.3)
    raise self.retry(exc=ValueError("late"), eta=when)


@task(name="retries_to_queue", bind=True)
def retries_to_queue(self):
    if self.request.retries:
        return self.request.delivery_info["routing_key"]
    raise self.retry(countdown=0.1, queue="celery", priority=3)


@task(name="retries_with_headers", bind=True)
def retries_with_headers(self):
    if self.request.retries:
        return [self.request.get("custom"), self.request.headers]
    raise self.retry(countdown=0.1, headers={"custom": "new"})


@task(name="slots", bind=True)
def slots(self):
    return sorted(k for k in vars(type(self)) if k.startswith("colour"))


@app.task(name="heavy.double")
def heavy_double(number):
    return number * 2


@app.task(name="heavy.calls_light")
def heavy_calls_light():
    return add.delay(3, 4).id


@app.task(name="heavy.fails")
def heavy_fails():
    raise ValueError("heavy")


@app.task(name="heavy.note")
def heavy_note(*args):
    note(args[0] if isinstance(args[0], str) else args[0].id, "heavy", len(args))
