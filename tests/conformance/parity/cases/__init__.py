"""The cases: functions whose JSON outcome must be the same on both sides."""

from __future__ import annotations

import importlib
import sys
import time

from celery import exceptions

CASES = {}
MODULES = (
    "declaring",
    "calling",
    "options",
    "results",
    "retrying",
    "hooking",
    "composing",
    "testing",
)


def case(function):
    """Register a case under the name of its function."""
    CASES[function.__name__] = function
    return function


def load():
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return CASES


def error_of(call):
    """The type and text of what a call raises in the caller, or `no error`."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the error is the outcome
        return [type(error).__module__, type(error).__name__, str(error)]
    return "no error"


def ended(result, timeout=10.0):
    """Wait until the result has a final state; then [state, what it holds]."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        meta = result.backend.get_task_meta(result.id, cache=False)
        if meta["status"] in {"SUCCESS", "FAILURE", "REVOKED"}:
            return [meta["status"], readable(meta["result"])]
        time.sleep(0.01)
    return ["never ended", meta["status"]]


def value_of(result, **options):
    """`result.get()`; after ten seconds without a word it asks the store once more.

    Seen once in CI, in the light chord of an outbox in memory, and in none of 6,000
    repetitions: a waiter not told. The case now tells that from a run that was lost.
    """
    try:
        return result.get(timeout=10, **options)
    except exceptions.TimeoutError:
        value = result.get(timeout=1, **options)
        sys.stderr.write(f"{result!r} was stored, and its waiter not told\n")
        return value


def reaches(result, state, timeout=10.0):
    """Wait until the stored state is `state`; the meta that was stored with it."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        meta = result.backend.get_task_meta(result.id, cache=False)
        if meta["status"] == state:
            return readable(meta["result"])
        time.sleep(0.01)
    return f"never {state}, but {meta['status']}"


def readable(value):
    if isinstance(value, BaseException):
        return [type(value).__name__, str(value)]
    return value


def noted(task_id, count, timeout=10.0):
    """Wait for `count` notes of a call."""
    from tests.conformance.parity.side import notes

    deadline = time.monotonic() + timeout
    while len(notes(task_id)) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return notes(task_id)


def opens(result):
    """Let a body that waits in `wait_for` go on."""
    from tests.conformance.parity.side import store

    store.rpush(f"gate:{result.id}", 1)


def without_ids(value, *ids):
    """The value with the ids replaced by their place in the list."""
    text = repr(value)
    for place, task_id in enumerate(ids):
        text = text.replace(task_id, f"<id {place}>")
    return text
