"""SIGKILL at every step of a call's life: nothing is lost, early tasks run once."""

from __future__ import annotations

import os
import signal

import pytest
from celery.result import AsyncResult
from celery.utils import uuid
from redis import Redis

from shim.outbox.choice import open_outbox
from tests.conformance.parity.play import fresh_database
from tests.servers import wait_until
from tests.transition.durable import (
    build,
    kill,
    put_and_die,
    read,
    run_until_killed,
    start,
)

# What the ledger and the result say, after another runner has taken over:
# how often the body began, how often it ended, and the final state.
EXPECTED = {
    ("early", "after put"): (1, 1, "SUCCESS"),
    ("early", "after claim"): (1, 1, "SUCCESS"),
    ("early", "after start"): (0, 0, "FAILURE"),
    ("early", "in the body"): (1, 0, "FAILURE"),
    ("early", "before result"): (1, 1, "FAILURE"),
    ("early", "before finish"): (1, 1, "SUCCESS"),
    ("early", "after finish"): (1, 1, "SUCCESS"),
    ("late", "after put"): (1, 1, "SUCCESS"),
    ("late", "after claim"): (1, 1, "SUCCESS"),
    ("late", "after start"): (1, 1, "SUCCESS"),
    ("late", "in the body"): (2, 1, "SUCCESS"),
    ("late", "before result"): (2, 2, "SUCCESS"),
    ("late", "before finish"): (2, 2, "SUCCESS"),
    ("late", "after finish"): (1, 1, "SUCCESS"),
}


@pytest.fixture(params=["sqlite", "postgres", "broker"])
def choice(request, tmp_path):
    if request.param == "broker":
        return "broker"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/outbox.sqlite3"
    return fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def place(choice, redis_url, tmp_path):
    """Where a process works: the outbox, the broker and backend, the ledger."""
    with Redis.from_url(redis_url) as server:
        server.flushdb()
    return choice, redis_url, str(tmp_path / "ledger")


def survive(place, point, name):
    """Store a call, let a runner die at `point`, let another one take over."""
    choice, backend, ledger = place
    task_id = uuid()
    caller = start(put_and_die, *place, name, task_id)
    caller.join(20)
    assert caller.exitcode == -signal.SIGKILL
    if point != "after put":
        victim = start(run_until_killed, *place, point)
        victim.join(20)
        assert victim.exitcode == -signal.SIGKILL
    successor = start(run_until_killed, *place, "")
    app = build(backend, ledger)
    try:
        result = AsyncResult(task_id, app=app)
        wait_until(result.ready, timeout=20)
        _wait_until_empty(choice, app)
    finally:
        kill(successor)
    return app.backend.get_task_meta(task_id, cache=False)


def _wait_until_empty(choice, app):
    outbox = open_outbox(choice, app)
    wait_until(lambda: outbox.counts() == {}, timeout=20)
    outbox.close()


@pytest.mark.parametrize(("name", "point"), EXPECTED)
def test_killed(place, name, point):
    meta = survive(place, point, name)
    lines = read(place[2])
    begun = sum(line.startswith("begin") for line in lines)
    ended = sum(line.startswith("end") for line in lines)
    assert (begun, ended, meta["status"]) == EXPECTED[name, point]
    if meta["status"] == "FAILURE":
        assert type(meta["result"]).__name__ == "WorkerLostError"


@pytest.mark.parametrize("name", ["early-retried", "late-retried"])
@pytest.mark.parametrize("point", ["after put", "before finish"])
def test_killed_around_a_retry(place, name, point):
    """A retry that was stored is never lost, and runs once.

    The runner dies when the retry has been stored and its first attempt has not
    been finished, or, as `after put`, when nothing has begun.
    """
    meta = survive(place, point, name)
    assert meta["status"] == "SUCCESS"
    assert read(place[2]) == ["attempt 0", "attempt 1"]


def test_the_caller_is_really_dead(place):
    caller = start(put_and_die, *place, "early", uuid())
    caller.join(20)
    with pytest.raises(ProcessLookupError):
        os.kill(caller.pid, 0)
