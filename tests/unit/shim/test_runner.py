"""The runner in one process: what it runs, how it stops, what it never does."""

from __future__ import annotations

import contextvars
import sys
import threading
import time

import pytest
from celery.exceptions import WorkerLostError
from celery.result import AsyncResult

import shim
from shim import Runner
from shim.errors import OutboxUnavailableError
from shim.outbox.memory import MemoryOutbox
from tests.servers import wait_until


def done(result, state="SUCCESS"):
    wait_until(lambda: result.state == state, timeout=5)
    return result.result


def test_nothing_runs_before_a_runner_starts(add, outbox):
    result = add.delay(1, 2)
    time.sleep(0.05)
    assert result.state == "PENDING"
    assert len(outbox) == 1


def test_a_runner_runs_what_was_stored_before_it_started(app, add, outbox):
    result = add.delay(1, 2)
    with Runner(app):
        assert done(result) == 3
    assert len(outbox) == 0


def test_a_call_of_the_same_process_starts_at_once(app, add, outbox):
    shim.configure(poll=5.0)
    with Runner(app):
        time.sleep(0.3)
        begun = time.monotonic()
        done(add.delay(1))
        assert time.monotonic() - begun < 1.0


def test_a_call_that_starts_at_once_costs_no_look_at_the_store(
    app, add, outbox, monkeypatch
):
    shim.configure(poll=60.0)
    looks = []
    claim = outbox.claim

    def counted(*given, **named):
        looks.append(1)
        return claim(*given, **named)

    with shim.runner():
        done(add.delay(1))
        monkeypatch.setattr(outbox, "claim", counted)
        for _ in range(40):
            done(add.delay(1))
    assert len(looks) < 20


def test_a_thread_that_becomes_free_takes_the_next_call_at_once(app, add, outbox):
    shim.configure(poll=60.0, concurrency=1)
    with shim.runner():
        for result in [add.delay(n) for n in range(30)]:
            done(result)
    shim.configure(concurrency=None)


def test_no_more_bodies_than_threads(app, outbox):
    running, most = [], []
    lock = threading.Lock()

    @shim.light_task(name="busy", app=app)
    def busy():
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.02)
        with lock:
            running.pop()

    results = [busy.delay() for _ in range(12)]
    with Runner(app, concurrency=3):
        for result in results:
            done(result)
    assert max(most) == 3


def test_a_body_runs_in_an_empty_context(app, outbox):
    tenant = contextvars.ContextVar("tenant", default="nobody")

    @shim.light_task(name="who", app=app)
    def who():
        return tenant.get()

    tenant.set("somebody")
    with Runner(app):
        assert done(who.delay()) == "nobody"


def test_result_get_is_refused_in_a_body_and_nowhere_else(app, add, outbox):
    @shim.light_task(name="gets", app=app)
    def gets():
        try:
            AsyncResult("x", app=app).get(timeout=0.1)
        except RuntimeError:
            return "refused"

    with Runner(app):
        assert done(gets.delay()) == "refused"
        assert add.delay(1, 1).get(timeout=5) == 2


def test_only_known_tasks_are_taken(app, add, outbox):
    from shim.message import Message

    outbox.put([Message("x", "of.another.release", None, "{}", "[]")])
    with Runner(app):
        done(add.delay(1))
    assert len(outbox) == 1


def test_a_task_declared_later_is_taken(app, add, outbox):
    with Runner(app):

        @shim.light_task(name="later", app=app)
        def later():
            return "late"

        assert done(later.delay()) == "late"


def test_a_message_that_cannot_be_read_ends_as_a_failure(app, add, outbox):
    from shim.message import Message

    outbox.put([Message("bad", "add", None, "{}", "[]")])
    with Runner(app):
        done(AsyncResult("bad", app=app), "FAILURE")
        assert done(add.delay(1)) == 1
    assert len(outbox) == 0


def test_stop_waits_for_a_body_and_hands_back_the_rest(app, outbox):
    began, gate = threading.Event(), threading.Event()

    @shim.light_task(name="slow", app=app)
    def slow():
        began.set()
        gate.wait(5)

    runner = Runner(app, concurrency=1)
    runner.start()
    first, second = slow.delay(), slow.delay()
    began.wait(5)
    threading.Timer(0.1, gate.set).start()
    assert runner.stop(grace=5) is True
    assert first.state == "SUCCESS"
    assert second.state == "PENDING"
    assert len(outbox) == 1
    with Runner(app):
        done(second)


def test_stop_gives_up_after_the_grace(app, outbox, caplog):
    began, gate = threading.Event(), threading.Event()

    @shim.light_task(name="stuck", app=app)
    def stuck():
        began.set()
        gate.wait(10)

    runner = Runner(app, concurrency=1)
    runner.start()
    stuck.delay()
    began.wait(5)
    begun = time.monotonic()
    assert runner.stop(grace=0.1) is False
    assert time.monotonic() - begun < 1
    assert "1 bodies still run" in caplog.text
    gate.set()
    wait_until(lambda: len(outbox) == 0)


def test_a_lost_early_task_is_recorded_and_not_run_again(app, add, outbox):
    result = add.delay(1)
    (claim,) = outbox.claim("dead runner", ["add"], 1, lease=0)
    outbox.start(claim, late=False)
    with Runner(app):
        error = done(result, "FAILURE")
    assert isinstance(error, WorkerLostError)
    assert len(outbox) == 0


def test_a_loss_is_not_recorded_over_a_stored_result(app, add, outbox):
    result = add.delay(1)
    (claim,) = outbox.claim("dead runner", ["add"], 1, lease=0)
    outbox.start(claim, late=False)
    app.backend.mark_as_done(result.id, "stored")
    with Runner(app):
        wait_until(lambda: len(outbox) == 0)
    assert result.get(timeout=1) == "stored"


def test_a_lost_late_task_runs_again_as_redelivered(app, outbox):
    @shim.light_task(name="late", app=app, bind=True, acks_late=True)
    def late(self):
        return self.request.delivery_info["redelivered"]

    result = late.delay()
    (claim,) = outbox.claim("dead runner", ["late"], 1, lease=0)
    outbox.start(claim, late=True)
    with Runner(app):
        assert done(result) is True


def test_a_body_longer_than_the_lease_runs_once(app, outbox):
    runs = []

    @shim.light_task(name="long", app=app, acks_late=True)
    def long():
        runs.append(1)
        time.sleep(0.6)

    result = long.delay()
    with Runner(app, lease=0.2):
        done(result)
        time.sleep(0.3)
    assert runs == [1]


class Unreliable(MemoryOutbox):
    """Refuses the methods that are named in `broken`."""

    broken: str = ""

    def _check(self, name):
        if name == self.broken:
            message = f"{name} is refused"
            raise OutboxUnavailableError(message)

    def start(self, claim, *, late):
        self._check("start")
        return super().start(claim, late=late)

    def finish(self, claim):
        self._check("finish")
        super().finish(claim)

    def claim(self, *given, **named):
        self._check("claim")
        return super().claim(*given, **named)

    def put(self, *given):
        self._check("put")
        super().put(*given)


@pytest.fixture
def unreliable(outbox):
    outbox = Unreliable()
    shim.configure(outbox=outbox)
    return outbox


@pytest.mark.parametrize("broken", ["start", "finish", "claim"])
def test_an_outbox_that_is_down_for_a_while_loses_nothing(
    app, unreliable, broken, caplog
):
    runs = []

    @shim.light_task(name="counted", app=app)
    def counted():
        runs.append(1)

    result = counted.delay()
    unreliable.broken = broken
    with Runner(app):
        time.sleep(0.2)
        unreliable.broken = ""
        done(result)
        wait_until(lambda: len(unreliable) == 0)
    assert runs == [1]
    assert f"{broken} is refused" in caplog.text


def test_an_errback_that_cannot_be_stored_does_not_run_the_body_again(
    app, add, unreliable
):
    """The refusal comes when the body has begun: it is over, whatever is refused."""
    runs = []

    @shim.light_task(name="leaves", app=app)
    def leaves():
        runs.append(1)
        unreliable.broken = "put"
        sys.exit(1)

    result = leaves.apply_async(link_error=add.si(1))
    with Runner(app):
        wait_until(lambda: len(unreliable) == 0)
    assert runs == [1]
    assert result.state == "FAILURE"


def test_the_runner_outlives_what_nobody_foresaw(app, add, outbox, monkeypatch, caplog):
    looks = []

    def wait(_tasks):
        looks.append(1)
        raise RuntimeError("a driver's own error")

    monkeypatch.setattr(outbox, "wait", wait)
    with Runner(app):
        wait_until(lambda: len(looks) > 1)
        assert done(add.delay(1)) == 1
    assert "a driver's own error" in caplog.text


def test_a_loss_that_the_result_backend_refuses_is_recorded_later(
    app, add, outbox, monkeypatch
):
    result = add.delay(1)
    (claim,) = outbox.claim("dead runner", ["add"], 1, lease=0)
    outbox.start(claim, late=False)
    refused = []

    def get_state(_self, _task_id):
        refused.append(1)
        raise ConnectionError("the result backend is down")

    monkeypatch.setattr(type(app.backend), "get_state", get_state)
    with Runner(app, lease=0.15):
        wait_until(lambda: len(refused) > 1)
        monkeypatch.undo()
        assert isinstance(done(result, "FAILURE"), WorkerLostError)
        wait_until(lambda: len(outbox) == 0)


def test_a_call_that_cannot_be_stored_raises_what_callers_catch(app, add, unreliable):
    from kombu.exceptions import OperationalError

    unreliable.broken = "put"
    with pytest.raises(OperationalError, match="put is refused"):
        add.delay(1)


def test_there_is_one_runner_a_process(app, add, outbox):
    first = shim.start_runner(app)
    assert shim.start_runner(app) is first
    assert shim.stop_runner() is True
    assert shim.stop_runner() is True
    assert shim.start_runner(app) is not first


def test_the_context_manager_starts_and_stops(app, add, outbox):
    with shim.runner() as runner:
        assert done(add.delay(2)) == 2
    assert not any(thread.is_alive() for thread in runner._threads)


def test_what_became_of_runs_is_counted(app, add, outbox):
    @shim.light_task(name="moody", app=app, bind=True, max_retries=1)
    def moody(self):
        raise self.retry(exc=ValueError("bad mood"), countdown=0)

    with Runner(app):
        done(add.delay(1))
        done(moody.delay(), "FAILURE")
    tallies = outbox.tallies()
    assert tallies["add"].succeeded == 1
    assert time.time() - 60 < tallies["add"].last_success <= time.time()
    assert 0 < tallies["add"].percentile(0.95) < 1
    assert (tallies["moody"].failed, tallies["moody"].retried) == (1, 1)
    assert tallies["moody"].last_success is None
