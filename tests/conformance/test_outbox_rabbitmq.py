"""RabbitMQ as the outbox: what a queue can keep of the contract, it keeps."""

from __future__ import annotations

import os
import signal
import time

import pytest
from celery import Celery
from celery.utils import uuid
from kombu.utils.json import dumps, loads

import shim
from shim import ConfigurationError
from shim.message import Message
from shim.outbox import Outbox
from shim.outbox.amqp_queue import AmqpOutbox
from shim.outbox.choice import open_outbox
from shim.tally import Counts, Tally
from tests.servers import wait_until
from tests.transition.durable import build, put_and_die, read, run_until_killed, start

pytestmark = pytest.mark.rabbitmq
TASKS = ["a", "b"]


@pytest.fixture
def reopen(rabbitmq_url):
    """Opens the same fresh queue again and again, as several processes do."""
    queue = f"light-{os.urandom(6).hex()}"
    stores = []

    def opened():
        app = Celery("outbox", broker=rabbitmq_url, set_as_current=False)
        stores.append(AmqpOutbox(app, queue))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def outbox(reopen):
    return reopen()


def message(task_id="1", task="a", due=None):
    headers = {"id": task_id, "task": task}
    if due:
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(due))
        headers["eta"] = f"{when}.{int(due % 1 * 1e6):06}+00:00"
    return Message(task_id, task, due, dumps({"headers": headers}), "[[], {}, {}]")


def take(outbox, limit=10, **options):
    """What a claim finds; RabbitMQ shows a requeued message after a moment."""
    for _ in range(20):
        if claims := outbox.claim("me", TASKS, limit, 30.0, **options):
            return claims
        time.sleep(0.02)
    return []


def nothing(outbox):
    return outbox.claim("me", TASKS, 10, 30.0) == []


def ids(claims):
    return [claim.message.id for claim in claims]


def test_the_broker_decides_the_kind(rabbitmq_url):
    app = Celery("outbox", broker=rabbitmq_url, set_as_current=False)
    outbox = open_outbox("broker", app)
    assert isinstance(outbox, AmqpOutbox)
    assert isinstance(outbox, Outbox)


def test_a_stored_message_comes_back_as_it_was(outbox):
    envelope = {
        "headers": {"id": "id-é", "task": "a", "x": "ü", "empty": [], "none": None},
        "properties": {"priority": 3, "reply_to": "me", "expiration": "60000"},
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "exchange": "topic",
        "routing_key": "a.b",
    }
    outbox.put([Message("id-é", "a", None, dumps(envelope), '[["☃"], {}, {}]')])
    (claim,) = take(outbox)
    assert loads(claim.message.envelope) == envelope
    assert claim.message.body == '[["☃"], {}, {}]'
    assert claim.redelivered is False


def test_a_message_is_in_one_process_at_a_time(outbox, reopen):
    outbox.put([message()])
    (claim,) = take(outbox)
    assert nothing(reopen())
    assert outbox.start(claim, late=False)
    assert not outbox.start(claim, late=False)
    outbox.finish(claim)
    assert outbox.counts() == {}


def test_a_message_is_not_given_before_it_is_due(outbox):
    outbox.put([message(due=time.time() + 0.4)])
    assert nothing(outbox)
    assert 0 < outbox.wait(TASKS) <= 0.4
    assert outbox.counts() == {"a": Counts(delayed=1)}
    time.sleep(0.45)
    assert len(take(outbox)) == 1


def test_only_the_tasks_asked_for_are_given(outbox):
    outbox.put([message("1", "unknown"), message("2", "b")])
    assert ids(take(outbox)) == ["2"]
    wait_until(lambda: outbox.counts().get("*") == Counts(waiting=1))


def test_what_was_claimed_and_not_started_returns_when_the_process_ends(outbox, reopen):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.close()
    assert outbox.start(claim, late=False) is False
    (again,) = take(reopen())
    assert again.redelivered is True


def test_an_early_task_that_began_does_not_return(outbox, reopen):
    outbox.put([message()])
    (claim,) = take(outbox)
    assert outbox.start(claim, late=False)
    outbox.close()
    time.sleep(0.2)
    assert nothing(reopen())


def test_a_late_task_that_began_returns(outbox, reopen):
    outbox.put([message()])
    (claim,) = take(outbox)
    assert outbox.start(claim, late=True)
    outbox.close()
    (again,) = take(reopen())
    assert again.redelivered is True


@pytest.mark.parametrize("late", [False, True])
def test_a_released_message_can_start_again(outbox, late):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.start(claim, late=late)
    outbox.release(claim, redelivered=True)
    (again,) = take(outbox)
    assert again.redelivered is True
    assert outbox.start(again, late=late)


def test_what_is_not_due_returns_when_the_runner_stops(outbox, reopen):
    outbox.put([message(due=time.time() + 1000)])
    stop = outbox.on_put(lambda: None)
    assert nothing(outbox)
    stop()
    wait_until(lambda: reopen().counts().get("*") == Counts(waiting=1))
    assert len(take(reopen(), ahead=True)) == 1


def test_what_it_has_no_place_for_it_says(outbox, caplog):
    with pytest.raises(ConfigurationError, match="SHIM_ROUTES"):
        outbox.set_route("a", "celery")
    assert outbox.routes() == {}
    outbox.put([message("drop")])
    outbox.revoke(["drop"])
    assert "other runners may still run drop" in caplog.text
    (claim,) = take(outbox)
    assert claim.revoked is True


def test_tallies_are_those_of_this_process(outbox):
    outbox.record({"a": Tally(2, 1, 0, 50.0, None, {4: 3})})
    outbox.record({"a": Tally(1, 0, 0, 40.0, 9.0, {4: 1})})
    assert outbox.tallies() == {"a": Tally(3, 1, 0, 50.0, 9.0, {4: 4})}


def test_a_broken_connection_is_a_fault_once_and_loses_nothing(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    for link in outbox._links.values():
        link.connection.connection.transport.sock.close()
    with pytest.raises(shim.OutboxUnavailableError, match="refused"):
        outbox.counts()
    assert outbox.start(claim, late=False) is False
    assert len(take(outbox)) == 1


# How often the body began and ended after a runner died at the point and another
# took over. An early body that died leaves the state it had.
EXPECTED = {
    ("early", "after put"): (1, 1, "SUCCESS"),
    ("early", "after claim"): (1, 1, "SUCCESS"),
    ("early", "in the body"): (1, 0, "PENDING"),
    ("early", "before finish"): (1, 1, "SUCCESS"),
    ("late", "after claim"): (1, 1, "SUCCESS"),
    ("late", "after start"): (1, 1, "SUCCESS"),
    ("late", "in the body"): (2, 1, "SUCCESS"),
    ("late", "before finish"): (2, 2, "SUCCESS"),
}


@pytest.mark.parametrize(("name", "point"), EXPECTED)
def test_killed(rabbitmq_url, redis_url, tmp_path, monkeypatch, name, point):
    monkeypatch.setenv("DURABLE_BROKER", rabbitmq_url)
    place = ("broker", redis_url, str(tmp_path / "ledger"))
    task_id = uuid()
    caller = start(put_and_die, *place, name, task_id)
    caller.join(20)
    assert caller.exitcode == -signal.SIGKILL
    if point != "after put":
        victim = start(run_until_killed, *place, point)
        victim.join(20)
        assert victim.exitcode == -signal.SIGKILL
    successor = start(run_until_killed, *place, "")
    app = build(redis_url, place[2])
    began, ended, state = EXPECTED[name, point]
    try:
        wait_until(lambda: len(read(place[2])) >= began + ended)
        time.sleep(1.0)
    finally:
        successor.kill()
        successor.join(10)
    words = [line.split()[0] for line in read(place[2])]
    assert (words.count("begin"), words.count("end")) == (began, ended)
    assert app.backend.get_task_meta(task_id, cache=False)["status"] == state
