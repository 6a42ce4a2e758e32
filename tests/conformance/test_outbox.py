"""Every outbox keeps the same contract: what is stored, who holds it, what returns."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import Celery
from kombu.utils.json import dumps, loads

from shim.message import Message
from shim.outbox import Outbox
from shim.outbox import sql_statements as statements
from shim.outbox.choice import open_outbox
from shim.outbox.redis_queue import RedisOutbox
from shim.outbox.sql import SqlOutbox
from shim.tally import Counts, Tally
from tests.conformance.parity.play import fresh_database
from tests.servers import wait_until

LEASE = 30.0
SHORT = 0.05
TASKS = ["a", "b"]
FORK = multiprocessing.get_context("fork")


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
def outbox(request, tmp_path):
    """A fresh store of each kind."""
    store = _opened(request, tmp_path)
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def reopen(request, tmp_path):
    """Opens the same store again and again, as several processes do."""
    stores = []

    def opened():
        stores.append(_opened(request, tmp_path, known))
        return stores[-1]

    known = {}
    yield opened
    for store in stores:
        store.close()


def _opened(request, tmp_path, known=None):
    known = {} if known is None else known
    if request.param == "redis":
        queue = known.setdefault("queue", f"light-{os.urandom(6).hex()}")
        return RedisOutbox(_app(request.getfixturevalue("redis_url")), queue)
    choice = known.setdefault("choice", _choice(request, tmp_path))
    return open_outbox(choice)


def _app(broker):
    return Celery("outbox", broker=broker, set_as_current=False)


def _choice(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/outbox.sqlite3"
    if request.param == "memory":
        return "memory"
    return fresh_database(request.getfixturevalue("postgres_url"))


def message(task_id="1", task="a", due=None):
    return Message(task_id, task, due, '{"headers": {}}', "[[], {}, {}]")


def take(outbox, owner="me", limit=10, lease=LEASE, tasks=TASKS):
    return outbox.claim(owner, tasks, limit, lease)


def ids(claims):
    return [claim.message.id for claim in claims]


def test_is_an_outbox(outbox):
    assert isinstance(outbox, Outbox)


def test_a_stored_message_comes_back_as_it_was(outbox):
    envelope = {
        "headers": {"id": "id-é", "task": "a", "x": "ü", "empty": [], "big": 2**70},
        "properties": {"priority": 3, "reply_to": "me", "delivery_mode": 2},
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "exchange": "topic",
        "routing_key": "a.b",
    }
    outbox.put([Message("id-é", "a", None, dumps(envelope), '[["☃"], {}, {}]')])
    (claim,) = take(outbox)
    assert (claim.message.id, claim.message.task) == ("id-é", "a")
    assert loads(claim.message.envelope) == envelope
    assert claim.message.body == '[["☃"], {}, {}]'
    assert claim.owner == "me"
    assert claim.redelivered is False


def test_a_claimed_message_is_not_claimed_again(outbox):
    outbox.put([message()])
    assert len(take(outbox)) == 1
    assert take(outbox, owner="other") == []


def test_oldest_due_time_first_and_no_more_than_the_limit(outbox):
    if isinstance(outbox, RedisOutbox):
        pytest.skip("a queue keeps the order of arrival, as Celery's does")
    now = time.time()
    outbox.put([message("late", due=now - 1), message("early", due=now - 2)])
    outbox.put([message("now")])
    assert ids(take(outbox, limit=2)) == ["early", "late"]
    assert ids(take(outbox, limit=2)) == ["now"]


def test_messages_of_the_same_moment_keep_their_order(outbox):
    outbox.put([message(str(n), due=1.0) for n in range(20)])
    assert ids(take(outbox, limit=20)) == [str(n) for n in range(20)]


def test_a_message_is_not_given_before_it_is_due(outbox):
    """Far ahead first: a busy machine may need a second for the first connection."""
    outbox.put([message("far", due=time.time() + 1000)])
    assert take(outbox) == []
    assert 900 < outbox.wait(TASKS) <= 1000
    due = time.time() + 0.3
    outbox.put([message("near", due=due)])
    found = []
    wait_until(lambda: found.extend(take(outbox)) or found)
    assert time.time() >= due
    assert ids(found) == ["near"]


def test_only_the_tasks_asked_for_are_given(outbox):
    outbox.put([message("1", "unknown"), message("2", "b")])
    assert ids(take(outbox)) == ["2"]
    assert outbox.wait(TASKS) is None
    assert ids(take(outbox, tasks=["unknown"])) == ["1"]


def test_nothing_is_due_in_an_empty_store(outbox):
    assert outbox.wait(TASKS) is None
    assert take(outbox) == []


def test_what_is_due_or_held_shows_in_the_wait(outbox):
    outbox.put([message()])
    assert outbox.wait(TASKS) <= 0
    take(outbox)
    assert outbox.wait(TASKS) is None


def test_the_same_task_id_twice_is_two_calls(outbox):
    outbox.put([message("same")])
    outbox.put([message("same")])
    assert ids(take(outbox)) == ["same", "same"]


def test_a_finished_message_is_gone(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    assert outbox.start(claim, late=False)
    outbox.finish(claim)
    outbox.finish(claim)
    assert take(outbox) == []
    assert outbox.reclaim("sweeper", TASKS, LEASE) == []


def test_a_claim_starts_once(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    assert outbox.start(claim, late=False)
    assert not outbox.start(claim, late=False)


def test_a_released_message_is_offered_again_at_once(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.release(claim)
    (again,) = take(outbox, owner="other")
    assert again.redelivered is False


def test_a_message_released_after_its_start_can_start_again(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.start(claim, late=False)
    outbox.release(claim, redelivered=True)
    (again,) = take(outbox, owner="other")
    assert again.redelivered is True
    assert outbox.start(again, late=False)


def test_a_dead_owner_that_had_not_started_loses_its_claim(outbox):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    time.sleep(2 * SHORT)
    assert outbox.reclaim("sweeper", TASKS, LEASE) == []
    assert outbox.start(claim, late=False) is False
    (again,) = take(outbox, owner="other")
    assert again.redelivered is False


def test_a_started_late_task_of_a_dead_owner_is_redelivered(outbox):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    outbox.start(claim, late=True)
    time.sleep(2 * SHORT)
    assert outbox.reclaim("sweeper", TASKS, LEASE) == []
    (again,) = take(outbox, owner="other")
    assert again.redelivered is True
    outbox.finish(claim)
    assert outbox.start(again, late=True)


def test_a_started_early_task_of_a_dead_owner_is_handed_over_once(outbox):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    outbox.start(claim, late=False)
    time.sleep(2 * SHORT)
    (lost,) = outbox.reclaim("sweeper", TASKS, LEASE)
    assert lost.message.id == "1"
    assert outbox.reclaim("another", TASKS, LEASE) == []
    assert take(outbox) == []
    outbox.finish(lost)
    assert outbox.reclaim("another", TASKS, LEASE) == []


def test_a_sweeper_that_dies_leaves_the_loss_to_the_next(outbox):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    outbox.start(claim, late=False)
    time.sleep(2 * SHORT)
    assert len(outbox.reclaim("sweeper", TASKS, SHORT)) == 1
    time.sleep(2 * SHORT)
    assert len(outbox.reclaim("another", TASKS, LEASE)) == 1


def test_a_loss_is_left_to_a_process_that_knows_the_task(outbox):
    outbox.put([message(task="b")])
    (claim,) = take(outbox, lease=SHORT)
    outbox.start(claim, late=False)
    time.sleep(2 * SHORT)
    assert outbox.reclaim("sweeper", ["a"], LEASE) == []
    assert len(outbox.reclaim("sweeper", ["b"], LEASE)) == 1


def test_a_lease_that_ends_while_the_sweeper_sweeps_is_no_loss(outbox):
    """The clock moves between the sweeper's statements; only what began is lost."""
    if not isinstance(outbox, SqlOutbox):
        pytest.skip("the others sweep in one step")
    outbox.put([message()])
    take(outbox, lease=SHORT)
    time.sleep(2 * SHORT)
    names = outbox._database.names(TASKS)
    parameters = {"owner": "sweeper", "lease": LEASE, "tasks": names}
    rows, _ = outbox._run(outbox._sql(statements.TAKE_LOST, parameters))
    assert rows == []


def test_an_extended_lease_keeps_the_claim(outbox):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    outbox.extend("me", LEASE)
    time.sleep(2 * SHORT)
    assert outbox.reclaim("sweeper", TASKS, LEASE) == []
    assert outbox.start(claim, late=False)


def test_extending_touches_no_other_owner(outbox):
    outbox.put([message()])
    take(outbox, owner="dead", lease=SHORT)
    outbox.extend("me", LEASE)
    time.sleep(2 * SHORT)
    outbox.reclaim("sweeper", TASKS, LEASE)
    assert len(take(outbox)) == 1


def test_a_claim_whose_answer_was_lost_is_offered_again(outbox, reopen):
    """The database had committed it, and its owner was never told."""
    if not outbox.shared:
        pytest.skip("a claim in this process has its answer")
    outbox.put([message()])
    take(reopen(), owner="me", lease=SHORT)
    outbox.extend("me", LEASE)
    time.sleep(2 * SHORT)
    outbox.reclaim("sweeper", TASKS, LEASE)
    assert len(take(outbox)) == 1


def test_a_held_message_waits_for_its_holder(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.start(claim, late=False)
    outbox.put([message("retry")], held_by=claim)
    assert take(outbox) == []
    assert outbox.wait(TASKS) is None
    outbox.finish(claim)
    assert ids(take(outbox)) == ["retry"]


@pytest.mark.parametrize("late", [False, True])
def test_a_dead_holder_gives_way_to_what_it_holds(outbox, late):
    outbox.put([message()])
    (claim,) = take(outbox, lease=SHORT)
    outbox.start(claim, late=late)
    outbox.put([message("retry")], held_by=claim)
    time.sleep(2 * SHORT)
    assert outbox.reclaim("sweeper", TASKS, LEASE) == []
    assert ids(take(outbox)) == ["retry"]


def test_a_message_held_by_a_claim_that_is_gone_is_visible(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.finish(claim)
    outbox.put([message("retry")], held_by=claim)
    assert ids(take(outbox)) == ["retry"]


def test_a_revoked_message_says_so_when_it_is_claimed(outbox):
    outbox.put([message("keep"), message("drop")])
    outbox.revoke(["drop", "unknown"])
    assert {c.message.id: c.revoked for c in take(outbox)} == {
        "keep": False,
        "drop": True,
    }


def test_a_retry_of_a_revoked_message_is_revoked(outbox):
    outbox.put([message()])
    (claim,) = take(outbox)
    outbox.start(claim, late=False)
    outbox.revoke(["1"])
    outbox.put([message("1")], held_by=claim)
    outbox.finish(claim)
    (retry,) = take(outbox)
    assert retry.revoked is True


def test_an_id_that_was_revoked_before_it_was_put_is_revoked(outbox):
    """As the end of a chain is."""
    outbox.revoke(["1"])
    outbox.put([message("1"), message("2")])
    assert {c.message.id: c.revoked for c in take(outbox)} == {"1": True, "2": False}
    assert outbox.put_claimed(message("1"), "me", 30.0).revoked is True
    assert outbox.put_claimed(message("2"), "me", 30.0).revoked is False


def test_every_put_wakes_until_unsubscribed(outbox):
    woken = []
    stop = outbox.on_put(lambda: woken.append(1))
    outbox.put([message()])
    assert woken
    stop()
    woken.clear()
    outbox.put([message()])
    assert not woken


def test_many_threads_claim_each_message_once(outbox):
    outbox.put([message(str(n)) for n in range(200)])
    seen = []
    lock = threading.Lock()

    def drain(owner):
        while claims := take(outbox, owner=owner, limit=7):
            for claim in claims:
                assert outbox.start(claim, late=False)
                outbox.finish(claim)
            with lock:
                seen.extend(ids(claims))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drain, ["w1", "w2", "w3", "w4"]))
    assert sorted(seen, key=int) == [str(n) for n in range(200)]


def test_another_store_object_sees_what_was_put(reopen):
    reopen().put([message()])
    assert len(take(reopen())) == 1


def test_processes_that_start_together_share_one_store(reopen):
    children = [
        FORK.Process(target=_put_twenty, args=(reopen(), number)) for number in range(4)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert len(take(reopen(), limit=1000)) == 80


def _put_twenty(outbox, number):
    for n in range(20):
        outbox.put([message(f"{number}-{n}")])
    outbox.close()


def test_a_child_of_a_fork_uses_its_own_connection(reopen):
    outbox = reopen()
    outbox.put([message("parent")])
    child = FORK.Process(target=outbox.put, args=([message("child")],))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    outbox.put([message("parent again")])
    assert sorted(ids(take(outbox))) == ["child", "parent", "parent again"]


def test_what_is_not_due_can_be_taken_ahead(outbox):
    outbox.put([message(due=time.time() + 1000)])
    outbox.put([message("2", due=time.time() + 2000), message("3", "other", 9e9)])
    assert take(outbox) == []
    (claim,) = outbox.claim("me", TASKS, 1, LEASE, ahead=True)
    assert take(outbox, tasks=[*TASKS, "other"]) == []
    outbox.release(claim)
    assert take(outbox) == []
    assert len(outbox.claim("me", TASKS, 10, LEASE, ahead=True)) == 2


def test_counts_by_task_and_place(outbox):
    assert outbox.counts() == {}
    outbox.put([message("1"), message("2"), message("3", "b")])
    outbox.put([message("4", due=time.time() + 1000)])
    take(outbox, limit=1, tasks=["a"])
    assert outbox.counts() == {"a": Counts(1, 1, 1), "b": Counts(1, 0, 0)}


def test_routes_are_set_changed_and_removed(outbox):
    assert outbox.routes() == {}
    outbox.set_route("a", "celery")
    outbox.set_route("b", 12.5)
    outbox.set_route("a", "light")
    assert outbox.routes() == {"a": "light", "b": 12.5}
    outbox.set_route("a", None)
    outbox.set_route("a", None)
    assert outbox.routes() == {"b": 12.5}


def test_tallies_add_up(outbox):
    assert outbox.tallies() == {}
    outbox.record({"a": Tally(2, 1, 0, 50.0, 60.0, {4: 3})})
    outbox.record({"a": Tally(1, 0, 4, 40.0, None, {4: 1, 9: 4}), "b": Tally(1)})
    assert outbox.tallies() == {
        "a": Tally(3, 1, 4, 50.0, 60.0, {4: 4, 9: 4}),
        "b": Tally(1),
    }


def test_a_message_can_be_stored_and_claimed_in_one_step(outbox):
    claim = outbox.put_claimed(message("1"), "me", SHORT)
    assert take(outbox) == []
    assert outbox.start(claim, late=True)
    time.sleep(2 * SHORT)
    outbox.reclaim("sweeper", TASKS, LEASE)
    (again,) = take(outbox, owner="other")
    assert (again.message.id, again.redelivered) == ("1", True)
    outbox.finish(again)
    assert outbox.counts() == {}
