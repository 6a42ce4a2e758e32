"""Arguments: typing checks in the caller, the way through JSON, snapshots."""

from __future__ import annotations

import datetime as dt
import os
import threading
import uuid
from decimal import Decimal
from functools import partial

from celery.result import AsyncResult

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app

from . import case, ended, error_of

UTC = dt.UTC


@case
def call_delay():
    return [ended(tasks.echo.delay(1, "x", k=None)), ended(tasks.add.delay(1))]


@case
def call_with_keywords():
    return ended(tasks.add.apply_async((), {"a": 1, "b": 4}))


@case
def call_without_arguments():
    return ended(tasks.echo.apply_async())


@case
def call_returns_an_async_result():
    result = tasks.add.delay(1, 1)
    ended(result)
    return [
        type(result) is AsyncResult or isinstance(result, AsyncResult),
        str(result) == result.id,
        result == AsyncResult(result.id, app=app),
    ]


@case
def call_typing_too_few():
    return error_of(tasks.add.delay)


@case
def call_typing_too_many():
    return error_of(lambda: tasks.add.delay(1, 2, 3))


@case
def call_typing_unknown_keyword():
    return error_of(lambda: tasks.add.delay(1, c=1))


@case
def call_typing_counts_self():
    return error_of(lambda: tasks.bound.delay(1, 2, 3))


@case
def call_typing_switched_off():
    return ended(tasks.untyped.delay())[0]


@case
def call_args_of_wrong_shape():
    return [error_of(partial(tasks.echo.apply_async, bad)) for bad in ("ab", {1}, 3)]


@case
def call_kwargs_of_wrong_shape():
    return error_of(lambda: tasks.echo.apply_async((), [1, 2])) != "no error"


VALUES = {
    "tuple": (1, (2, 3)),
    "int_keys": {1: "a", None: "b"},
    "datetime": dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "naive": dt.datetime(2024, 1, 2, 3, 4, 5),  # noqa: DTZ001 - a naive one travels
    "date": dt.date(2024, 1, 2),
    "time": dt.time(1, 2, 3),
    "uuid": uuid.UUID(int=7),
    "decimal": Decimal("1.20"),
    "bytes": b"\x00\xff",
    "inf": float("inf"),
    "big": 2**80,
    "unicode": "\u2603 \u0000 \U0001f40d",
    "nested": {"a": [{"b": (1,)}]},
    "bool": True,
    "float": 0.1,
}


def _value_case(name, value):
    def check():
        return ended(tasks.types.delay(value))

    check.__name__ = f"call_json_{name}"
    case(check)


for _name, _value in VALUES.items():
    _value_case(_name, _value)

UNENCODABLE = {
    "object": object(),
    "lambda": lambda: None,
    "complex": 1j,
    "set": {1},
    "frozenset": frozenset({1}),
    "timedelta": dt.timedelta(1),
    "range": range(2),
    "tuple_key": {(1, 2): 3},
}


def _unencodable_case(name, value):
    def check():
        found = error_of(lambda: tasks.echo.delay(value))
        return found[:2]

    check.__name__ = f"call_refuses_{name}"
    case(check)


for _name, _value in UNENCODABLE.items():
    _unencodable_case(_name, _value)


@case
def call_takes_a_snapshot():
    value = [1]
    result = tasks.echo.delay(value)
    value.append(2)
    return ended(result)


@case
def call_json_hook():
    class Reducible:
        def __json__(self):
            return {"reduced": True}

    return ended(tasks.types.delay(Reducible()))


@case
def call_by_name():
    return ended(app.send_task("add", (2, 3)))


@case
def call_by_name_without_typing_check():
    return ended(app.send_task("add", ()))[0]


@case
def call_by_name_with_options():
    result = app.send_task(
        "inspect",
        kwargs={"a": 1},
        task_id=str(uuid.uuid4()),
        headers={"custom": 5},
        shadow="other",
    )
    state, found = ended(result)
    return [state, found["kwargs"], found["custom"], found["shadow"]]


@case
def call_by_an_unknown_name():
    return ended(app.send_task("never.registered"))


@case
def call_from_many_threads():
    results = []

    def call(n):
        results.append(tasks.add.delay(n, 0))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended(result)[1] for result in results)


@case
def call_from_a_forked_child():
    task_id = str(uuid.uuid4())
    child = os.fork()
    if child == 0:
        try:
            tasks.add.apply_async((1, 2), task_id=task_id)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return ended(AsyncResult(task_id, app=app))


@case
def call_to_a_coroutine_function():
    return ended(tasks.is_async.delay())[0]


@case
def call_signature():
    signature = tasks.add.s(1)
    return [
        ended(signature.delay(5)),
        ended(signature.clone((2,)).apply_async()),
        dict(signature)["task"],
        ended(tasks.add.si(1, 1).delay()),
    ]


@case
def call_signature_from_json():
    from celery import signature

    return ended(signature(dict(tasks.add.s(1, b=6)), app=app).apply_async())
