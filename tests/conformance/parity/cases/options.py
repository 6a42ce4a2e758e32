"""Every option of `apply_async`."""

from __future__ import annotations

import datetime as dt
import time
import uuid

from celery import signals
from kombu.exceptions import EncodeError

from tests.conformance.parity import tasks
from tests.conformance.parity.side import app

from . import case, ended, error_of, noted, reaches, value_of, without_ids

UTC = dt.UTC


@case
def option_task_id():
    task_id = str(uuid.uuid4())
    result = tasks.add.apply_async((1, 1), task_id=task_id)
    return [result.id == task_id, ended(result)]


@case
def option_the_same_task_id_twice():
    task_id = str(uuid.uuid4())
    for what in ("one", "two"):
        tasks.notes_run.apply_async((what,), task_id=task_id)
    return sorted(noted(task_id, 2))


def _delay_of(**options):
    before = time.time()
    result = tasks.add.apply_async((1, 1), **options)
    state = ended(result)
    return [state, round((time.time() - before) * 2) / 2 >= 1.0]


@case
def option_countdown():
    return _delay_of(countdown=1)


@case
def option_countdown_zero():
    return _delay_of(countdown=0)


@case
def option_countdown_negative():
    return _delay_of(countdown=-5)


@case
def option_countdown_of_wrong_type():
    return error_of(lambda: tasks.add.apply_async((1, 1), countdown="soon"))[:2]


@case
def option_eta():
    return _delay_of(eta=dt.datetime.now(UTC) + dt.timedelta(seconds=1))


@case
def option_eta_naive_is_utc():
    naive = dt.datetime.now(UTC).replace(tzinfo=None) + dt.timedelta(seconds=1)
    return _delay_of(eta=naive)


@case
def option_eta_in_another_zone():
    zone = dt.timezone(dt.timedelta(hours=5))
    return _delay_of(eta=dt.datetime.now(zone) + dt.timedelta(seconds=1))


@case
def option_eta_in_the_past():
    return _delay_of(eta=dt.datetime.now(UTC) - dt.timedelta(hours=1))


@case
def option_eta_and_countdown():
    return _delay_of(eta=dt.datetime.now(UTC) + dt.timedelta(hours=1), countdown=0.1)


@case
def option_expires_in_time():
    return ended(tasks.notes_run.apply_async(expires=60))


@case
def option_expires_number():
    result = tasks.notes_run.apply_async(expires=-1)
    return [ended(result), noted(result.id, 1)]


@case
def option_expires_before_eta():
    result = tasks.notes_run.apply_async(expires=0.2, countdown=0.8)
    return [ended(result), noted(result.id, 1)]


@case
def option_expires_datetime():
    past = dt.datetime.now(UTC) - dt.timedelta(seconds=5)
    return ended(tasks.notes_run.apply_async(expires=past))


@case
def option_expired_raises_in_get():
    result = tasks.add.apply_async((1, 1), expires=-1)
    ended(result)
    return error_of(lambda: result.get(timeout=5))


@case
def option_headers():
    state, found = ended(tasks.inspect.apply_async(headers={"custom": {"a": [1]}}))
    return [state, found["custom"], found["headers"]]


@case
def option_shadow():
    return ended(tasks.inspect.apply_async(shadow="another name"))[1]["shadow"]


@case
def option_ignore_result():
    result = tasks.notes_run.apply_async(ignore_result=True)
    noted(result.id, 1)
    time.sleep(0.1)
    return [result.state, result.get(timeout=1), result.ignored]


@case
def option_ignore_result_of_the_task():
    result = tasks.ignoring.delay()
    time.sleep(0.3)
    return [result.state, result.get(timeout=1)]


@case
def option_ignore_result_overridden():
    return ended(tasks.ignoring.apply_async(ignore_result=False))


@case
def option_unknown_is_accepted():
    return ended(tasks.add.apply_async((1, 2), colour="red"))


@case
def option_unknown_serializer():
    return error_of(lambda: tasks.add.apply_async((1, 2), serializer="nope"))[1]


@case
def option_compression():
    return ended(tasks.add.apply_async((1, 2), compression="zlib"))


@case
def option_retry_of_the_publish():
    return ended(
        tasks.add.apply_async((1, 2), retry=True, retry_policy={"max_retries": 1})
    )


@case
def option_priority():
    found = ended(tasks.inspect.apply_async(priority=3))[1]
    return found["delivery_info"]["priority"]


@case
def option_queue_in_delivery_info():
    return ended(tasks.inspect.apply_async())[1]["delivery_info"]


@case
def option_reply_to_and_correlation():
    result = tasks.inspect.apply_async()
    found = ended(result)[1]
    return [found["correlation_id"] == result.id, bool(found["reply_to"])]


@case
def option_link():
    result = tasks.add.apply_async((1, 1), link=tasks.notes_run.si("linked"))
    state = ended(result)
    children = result.children
    return [state, len(children), ended(children[0])]


@case
def option_link_gets_the_result():
    result = tasks.add.apply_async((1, 1), link=tasks.add.s(10))
    ended(result)
    return ended(result.children[0])


@case
def option_links():
    links = [tasks.add.s(1), tasks.add.s(2)]
    result = tasks.add.apply_async((0, 0), link=links)
    ended(result)
    return [sorted(value_of(child)) for child in result.children]


@case
def option_link_not_on_failure():
    result = tasks.fail.apply_async(link=tasks.notes_run.si("linked"))
    return [ended(result)[0], result.children or []]


@case
def option_link_error_of_any_arguments():
    result = tasks.fail.apply_async(link_error=tasks.failed_note.s())
    ended(result)
    return noted(result.id, 1)


@case
def option_stamps():
    signature = tasks.inspect.s()
    signature.stamp(visitor=None, team="a")
    found = ended(signature.apply_async())[1]
    return [found["stamps"], found["stamped_headers"]]


@case
def option_connection_and_producer_are_accepted():
    with app.connection_for_write() as connection:
        first = ended(tasks.add.apply_async((1, 2), connection=connection))
    with app.producer_or_acquire() as producer:
        second = ended(tasks.add.apply_async((1, 2), producer=producer))
    return [first, second]


@case
def request_attributes():
    result = tasks.inspect.apply_async((1,), {"k": "v"})
    found = ended(result)[1]
    found.pop("reply_to")
    return without_ids(found, result.id)


@case
def request_times_are_text():
    eta = dt.datetime(2020, 1, 1, tzinfo=UTC)
    expires = dt.datetime(2099, 1, 1, tzinfo=UTC)
    found = ended(tasks.inspect.apply_async(eta=eta, expires=expires))[1]
    return [found["eta"], found["expires"]]


@case
def signal_before_publish_may_change_headers():
    def add_header(headers=None, **_):
        headers["custom"] = "from the signal"

    signals.before_task_publish.connect(add_header, sender="inspect")
    try:
        return ended(tasks.inspect.delay())[1]["custom"]
    finally:
        signals.before_task_publish.disconnect(add_header, sender="inspect")


@case
def signals_around_publish():
    seen = []

    def before(sender=None, body=None, routing_key=None, exchange=None, **_):
        seen.append(["before", sender, list(body[0]), routing_key, exchange])

    def after(sender=None, headers=None, **_):
        seen.append(["after", sender, headers["task"]])

    signals.before_task_publish.connect(before)
    signals.after_task_publish.connect(after)
    try:
        ended(tasks.add.delay(1, 2))
    finally:
        signals.before_task_publish.disconnect(before)
        signals.after_task_publish.disconnect(after)
    return seen


@case
def signal_after_publish_not_when_refused():
    seen = []

    def after(**_):
        seen.append(1)

    signals.after_task_publish.connect(after)
    try:
        tasks.echo.delay(object())
    except EncodeError:
        return seen
    finally:
        signals.after_task_publish.disconnect(after)


@case
def revoke_pending():
    result = tasks.notes_run.apply_async(countdown=1)
    time.sleep(0.3)
    result.revoke()
    time.sleep(1.2)
    return [reaches(result, "REVOKED"), ["ran"] in noted(result.id, 2, timeout=0.3)]


@case
def revoke_several_by_id():
    results = [tasks.notes_run.apply_async(countdown=0.8) for _ in range(2)]
    app.control.revoke([result.id for result in results])
    return [reaches(result, "REVOKED") for result in results]


@case
def option_task_id_is_a_uuid():
    try:
        result = tasks.inspect.apply_async(task_id=uuid.uuid4())
    except TypeError as error:  # Celery 5.3 with results in Redis
        return str(error)
    found = ended(result)[1]
    return [type(result.id).__name__, found["id"] == str(result.id)]


@case
def option_task_id_is_a_number():
    number = uuid.uuid4().int
    return error_of(lambda: ended(tasks.add.apply_async((1, 1), task_id=number)))


@case
def option_countdown_beyond_expires():
    result = tasks.notes_run.apply_async(countdown=1.2, expires=0.4)
    time.sleep(1.3)
    return [reaches(result, "REVOKED"), ["ran"] in noted(result.id, 2, timeout=0.3)]


@case
def option_expires_is_kept_by_a_retry():
    result = tasks.retries.apply_async((2.0,), expires=1)
    return [reaches(result, "REVOKED"), noted(result.id, 2)]


@case
def option_headers_that_json_cannot():
    return error_of(lambda: tasks.add.apply_async((1, 1), headers={"x": object()}))


@case
def option_headers_named_as_the_protocols():
    headers = {"task": "other", "retries": 5, "lang": "xx"}
    return ended(tasks.add.apply_async((1, 1), headers=headers), timeout=1)


@case
def option_stamps_of_a_chain():
    work = tasks.inspect.si() | tasks.inspect.si()
    work.stamp(team="a")
    found = ended(work.apply_async())[1]
    return [found["stamps"], found["stamped_headers"]]


@case
def option_link_given_twice_by_signature_and_call():
    signature = tasks.add.s(1, 1)
    signature.link(tasks.add.s(10))
    result = signature.apply_async(link=tasks.add.s(20))
    ended(result)
    return sorted(value_of(child) for child in result.children)


@case
def option_args_none_and_kwargs_none():
    return ended(tasks.echo.apply_async(None, None))


@case
def option_root_and_parent_id():
    found = ended(tasks.inspect.apply_async(root_id="r", parent_id="p"))[1]
    return [found["root_id"], found["parent_id"]]


@case
def option_argsrepr():
    found = ended(tasks.inspect.apply_async((1,), argsrepr="(secret)"))[1]
    return found["argsrepr"]


@case
def option_exchange_and_routing_key():
    result = tasks.inspect.apply_async(exchange="celery", routing_key="celery")
    found = ended(result)[1]["delivery_info"]
    return [found["exchange"], found["routing_key"]]


@case
def option_eta_is_text():
    when = (dt.datetime.now(UTC) + dt.timedelta(seconds=0.3)).isoformat()
    return error_of(lambda: tasks.add.apply_async((1, 1), eta=when))


@case
def option_countdown_is_a_timedelta():
    wait = dt.timedelta(seconds=0.3)
    return error_of(lambda: tasks.add.apply_async((1, 1), countdown=wait))


@case
def revoke_before_the_call():
    task_id = str(uuid.uuid4())
    app.control.revoke(task_id)
    time.sleep(0.3)
    result = tasks.notes_run.apply_async(task_id=task_id)
    return [reaches(result, "REVOKED"), ["ran"] in noted(task_id, 2, timeout=0.3)]


@case
def revoke_keeps_no_retry():
    result = tasks.retries.apply_async((1.0,))
    noted(result.id, 1)
    time.sleep(0.2)
    result.revoke()
    return [reaches(result, "REVOKED"), len(noted(result.id, 3, timeout=1.5))]


@case
def switched_to_eager_and_back():
    app.conf.task_always_eager = True
    try:
        eager = type(tasks.add.delay(1, 1)).__name__
    finally:
        app.conf.task_always_eager = False
    result = tasks.add.delay(1, 1)
    return [eager, type(result).__name__, value_of(result)]
