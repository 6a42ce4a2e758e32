"""What users' tests rely on: eager mode and patches."""

from __future__ import annotations

from contextlib import contextmanager
from unittest import mock

from celery import chain

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app

from . import case, error_of


@contextmanager
def conf(**settings):
    before = {name: app.conf[name] for name in settings}
    app.conf.update(settings)
    try:
        yield
    finally:
        app.conf.update(before)


@case
def eager_runs_at_once():
    with conf(task_always_eager=True):
        result = tasks.add.delay(1, 2)
        return [type(result).__name__, result.state, result.get()]


@case
def eager_keeps_the_error():
    with conf(task_always_eager=True):
        result = tasks.fail.delay()
        return [result.state, repr(result.result)]


@case
def eager_propagates():
    with conf(task_always_eager=True, task_eager_propagates=True):
        return error_of(tasks.fail.delay)


@case
def eager_round_trip_and_encode_error():
    with conf(task_always_eager=True):
        return [
            tasks.types.delay((1, 2)).get(),
            error_of(lambda: tasks.echo.delay(object()))[1],
        ]


@case
def eager_retries():
    with conf(task_always_eager=True):
        result = tasks.retries_with_args.delay(1)
        return [result.state, result.get()]


@case
def eager_chain():
    with conf(task_always_eager=True):
        return chain(tasks.add.s(1, 1), tasks.add.s(5)).apply_async().get()


@case
def eager_request():
    with conf(task_always_eager=True):
        found = tasks.inspect.delay(1).get()
    return [found["is_eager"], found["called_directly"], found["args"]]


@case
def apply_runs_here():
    result = tasks.add.apply((1, 2))
    return [result.get(), result.state, tasks.fail.apply().state]


@case
def mock_delay():
    with mock.patch(f"{tasks.__name__}.add.delay") as patched:
        tasks.add.delay(1, 2)
    return [str(patched.mock_calls), isinstance(patched, mock.MagicMock)]


@case
def mock_apply_async_catches_delay():
    with mock.patch.object(tasks.add, "apply_async") as patched:
        tasks.add.delay(1, 2)
    return str(patched.mock_calls)


@case
def mock_the_whole_task():
    with mock.patch(f"{tasks.__name__}.add") as patched:
        tasks.add.delay(1)
    return str(patched.mock_calls)


@case
def mock_send_task():
    with mock.patch.object(app, "send_task") as patched:
        tasks.add.delay(1, 2)
    (call,) = patched.mock_calls
    return list(call.args)
