"""Hooks and signals, and their order."""

from __future__ import annotations

from tests.conformance.parity import tasks

from . import case, ended, noted


@case
def hooks_of_success():
    result = tasks.hooked.delay()
    return [ended(result), noted(result.id, 3)]


@case
def hooks_of_failure():
    result = tasks.hooked.delay(fails=True)
    return [ended(result), noted(result.id, 3)]


def _hook_case(hook):
    def check():
        result = tasks.hook_raises[hook].delay(fails=hook == "on_failure")
        # A hook that raises after all others makes Celery call `on_failure` as well.
        count, timeout = (5, 1.0) if hook == "after_return" else (4, 0.5)
        return [ended(result)[0], noted(result.id, count, timeout)]

    check.__name__ = f"hook_{hook}_raises"
    case(check)


for _hook in tasks.hook_raises:
    _hook_case(_hook)


@case
def signals_of_success():
    result = tasks.watched.delay("ok")
    ended(result)
    return noted(result.id, 7)


@case
def signals_of_failure():
    result = tasks.watched.delay("fail")
    ended(result)
    return noted(result.id, 7)


@case
def signals_of_retry():
    result = tasks.watched.delay("retry")
    ended(result)
    return noted(result.id, 13)


@case
def signal_of_expiry():
    result = tasks.notes_run.apply_async(expires=-1)
    ended(result)
    return noted(result.id, 1)


@case
def call_is_overridden():
    result = tasks.called.delay(1)
    return [ended(result), noted(result.id, 2)]


@case
def apply_async_is_overridden():
    result = tasks.overriding.delay(1)
    return ended(result)


@case
def hooks_see_the_request():
    result = tasks.sees_request.apply_async((1,), headers={"custom": "c"})
    return [ended(result)[0], noted(result.id, 2)]


@case
def signals_and_hooks_when_the_body_is_rejected():
    result = tasks.watched.delay("reject")
    return noted(result.id, 5, timeout=1)


@case
def signals_and_hooks_when_the_body_is_ignored():
    result = tasks.watched.delay("ignore")
    return noted(result.id, 5, timeout=1)
