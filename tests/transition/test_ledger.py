"""Many producers, several runners, random kills: in the end the ledger balances.

LEDGER_CALLS sets the number of calls; the figure of the documentation is 100000.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest
from celery.result import AsyncResult
from redis import Redis

import shim
from shim.outbox.choice import open_outbox
from tests.conformance.parity.play import fresh_database
from tests.transition.durable import build, kill, read, start, write

CALLS = int(os.environ.get("LEDGER_CALLS", "3000"))
PRODUCERS, RUNNERS = 4, 3


@pytest.fixture(params=["sqlite", "postgres", "broker"])
def place(request, tmp_path, redis_url):
    with Redis.from_url(redis_url) as server:
        server.flushdb()
    choice = {
        "sqlite": lambda: f"sqlite:///{tmp_path}/outbox.sqlite3",
        "postgres": lambda: fresh_database(request.getfixturevalue("postgres_url")),
        "broker": lambda: "broker",
    }[request.param]()
    return choice, redis_url, str(tmp_path / "ledger")


def produce(choice, backend, ledger, number):
    """Make this producer's share of the calls; note each one that was accepted."""
    shim.configure(outbox=choice)
    app = build(backend, ledger)
    for call in range(CALLS // PRODUCERS):
        name = "late" if call % 2 else "early"
        result = app.tasks[name].delay()
        write(f"{ledger}-accepted-{number}", name, result.id)


def run(choice, backend, ledger):
    app = build(backend, ledger)
    outbox = open_outbox(choice, app)
    shim.configure(outbox=outbox)
    with shim.Runner(app, outbox, lease=2.0, poll=0.2):
        time.sleep(3600)


def test_the_ledger_balances(place):
    ledger = place[2]
    producers = [start(produce, *place, number) for number in range(PRODUCERS)]
    runners = [start(run, *place) for _ in range(RUNNERS)]
    kills = 0
    chance = random.Random(7)
    app = build(place[1], ledger)
    outbox = open_outbox(place[0], app)
    try:
        while any(producer.is_alive() for producer in producers):
            time.sleep(chance.uniform(0.1, 0.6))
            victim = chance.randrange(RUNNERS)
            kill(runners[victim])
            runners[victim] = start(run, *place)
            kills += 1
        assert [producer.exitcode for producer in producers] == [0] * PRODUCERS
        _wait_until_empty(outbox, timeout=60 + CALLS / 100)
    finally:
        for runner in runners:
            kill(runner)
        outbox.close()
    balance(app, ledger, kills)


def _wait_until_empty(outbox, timeout):
    deadline = time.monotonic() + timeout
    while outbox.counts() != {}:  # which reads everything, so not too often
        assert time.monotonic() < deadline, outbox.counts()
        time.sleep(1.0)


def balance(app, ledger, kills):
    accepted = [
        line.split()
        for number in range(PRODUCERS)
        for line in read(f"{ledger}-accepted-{number}")
    ]
    lines = [line.split() for line in read(ledger)]
    began = Counter(task_id for word, task_id in lines if word == "begin")
    ended = Counter(task_id for word, task_id in lines if word == "end")
    early = [task_id for name, task_id in accepted if name == "early"]
    late = [task_id for name, task_id in accepted if name == "late"]
    unfinished = [task_id for task_id in early if not ended[task_id]]
    recorded = [i for i in unfinished if AsyncResult(i, app=app).state == "FAILURE"]
    figures = {
        "accepted": len(accepted),
        "kills": kills,
        "early run twice": sum(began[task_id] > 1 for task_id in early),
        "early cut short": len(unfinished),
        "early cut short before the body": sum(not began[i] for i in unfinished),
        "early cut short and not recorded": len(unfinished) - len(recorded),
        "late lost": sum(not ended[task_id] for task_id in late),
        "late run again": sum(began[task_id] > 1 for task_id in late),
    }
    print(figures)  # noqa: T201 - the figures of the documentation
    assert kills >= 1
    assert figures["accepted"] == CALLS
    assert figures["early run twice"] == 0
    assert figures["early cut short and not recorded"] == 0
    assert figures["early cut short"] <= kills * 8
    assert figures["late lost"] == 0
