"""Results, states and errors as the caller sees them."""

from __future__ import annotations

import uuid

from celery.exceptions import TimeoutError as CeleryTimeout
from celery.result import AsyncResult

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app

from . import case, ended, error_of, noted, opens, reaches, value_of

KINDS = ("tuple", "none", "set", "bytes", "datetime", "object", "intkeys", "nan")


def _return_case(kind):
    def check():
        state, value = ended(tasks.give.delay(kind))
        shown = value[0] if state == "FAILURE" else repr(value)
        return [state, shown]

    check.__name__ = f"result_of_{kind}"
    case(check)


for _kind in KINDS:
    _return_case(_kind)


@case
def result_get():
    return value_of(tasks.add.delay(1, 2))


@case
def result_get_times_out():
    result = tasks.custom_state.delay()
    error = error_of(lambda: result.get(timeout=0.2))
    opens(result)
    return [error[:2], ended(result)]


@case
def result_timeout_is_celerys():
    return issubclass(CeleryTimeout, Exception) and CeleryTimeout.__module__


@case
def result_raises_the_original_type():
    result = tasks.fail.delay()
    return [error_of(lambda: value_of(result)), result.state, result.failed()]


@case
def result_without_propagation():
    error = value_of(tasks.fail.delay(), propagate=False)
    return [type(error).__name__, error.args]


@case
def result_of_a_positional_error():
    result = tasks.fail.delay("positional")
    return error_of(lambda: value_of(result))


@case
def result_of_a_keyword_error():
    return ended(tasks.fail.delay("keyword"))


@case
def result_loses_the_cause():
    error = value_of(tasks.fail.delay("cause"), propagate=False)
    return [repr(error), repr(error.__cause__)]


@case
def result_traceback_is_text():
    result = tasks.fail.delay()
    ended(result)
    text = result.traceback
    return [type(text).__name__, "ValueError" in text, "tasks.py" in text]


@case
def result_expected_error():
    return ended(tasks.throws.delay())


@case
def result_of_an_unknown_id():
    result = AsyncResult(str(uuid.uuid4()), app=app)
    return [result.state, result.ready(), result.result]


@case
def result_predicates():
    good, bad = tasks.add.delay(1, 1), tasks.fail.delay()
    ended(good)
    ended(bad)
    return [[r.ready(), r.successful(), r.failed()] for r in (good, bad)]


@case
def result_custom_state():
    result = tasks.custom_state.delay()
    seen = reaches(result, "PROGRESS")
    opens(result)
    return [seen, ended(result)]


@case
def result_started():
    result = tasks.started.delay()
    seen = reaches(result, "STARTED")
    opens(result)
    return [sorted(seen), ended(result)]


@case
def result_not_started_by_default():
    result = tasks.custom_state.delay()
    reaches(result, "PROGRESS")
    opens(result)
    return ended(result)


@case
def result_forget():
    result = tasks.add.delay(1, 1)
    ended(result)
    result.forget()
    return result.state


@case
def result_extended_fields():
    result = tasks.add.delay(1, 1)
    ended(result)
    return [
        result.name,
        result.args,
        result.kwargs,
        result.retries,
        result.queue,
        result.date_done is not None,
    ]


@case
def result_get_inside_a_body():
    return ended(tasks.gets.delay())


@case
def result_of_a_nested_call():
    result = tasks.nested.delay()
    state, child = ended(result)
    inner = AsyncResult(child, app=app)
    return [state, ended(inner), [c.id == child for c in result.children]]


@case
def result_ignored_by_the_body():
    result = tasks.ignores.delay()
    return [noted(result.id, 1), result.state]


@case
def result_ignored_after_a_state():
    result = tasks.ignores.delay("OWN")
    noted(result.id, 1)
    return [reaches(result, "OWN")]


@case
def result_rejected():
    result = tasks.rejects.delay()
    noted(result.id, 1)
    return ended(result, timeout=1.5)[0]


@case
def result_requeued():
    result = tasks.requeues.delay()
    return [ended(result), noted(result.id, 2)]


@case
def result_of_an_exit():
    return ended(tasks.fail.delay("exit"))[1][0]


@case
def body_sees_nothing_of_the_caller():
    tasks.caller_context.set("request of a user")
    return ended(tasks.inside.delay())[1]["context"]


@case
def body_has_a_current_task():
    from celery import current_task

    return [ended(tasks.inside.delay())[1]["current_task"], bool(current_task)]
