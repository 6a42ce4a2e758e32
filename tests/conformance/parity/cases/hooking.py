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
        return [ended(result)[0], noted(result.id, 4, timeout=0.5)]

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
