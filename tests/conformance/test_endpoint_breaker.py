"""The circuit breaker of an endpoint: its state is in the records, so it outlives us.

The generated files themselves are imported, from a package rendered for the purpose.
"""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel
from sqlalchemy import create_engine

from tests.acceptance.background_project import planned, write_package, write_source
from tests.conformance.generated import forget_metrics
from tests.servers import die_with_parent

NAME = "endpoints_under_test"
FAILED_AT = 1_000_000.0
# Four threads of another process; it starts when told, and prints what was accepted.
RACER = f"""
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from pydantic import BaseModel, create_model
from sqlalchemy import create_engine
from {NAME} import background, records_redis, records_sql

url, namespace, racer = sys.argv[1:]
Arguments = create_model("Arguments", number=(int, ...))
work = background.Work(
    task="shop.clean", body=Arguments, run=print, breaker_failures=2, breaker_pause=60.0
)

def connect():
    if url.startswith("redis"):
        return records_redis.RedisRecords(url, namespace, 3600.0)
    return records_sql.SqlRecords(create_engine(url), namespace)

async def accepted(one, number):
    try:
        return await one.accept(work, Arguments(number=number))
    except background.RefusedError:
        return None

def now():
    return {FAILED_AT + 61}

ones = [background.Background(connect(), clock=now) for _ in range(4)]
numbers = [int(racer) * 10 + place for place in range(4)]
for one in ones:
    one.records.totals("shop.clean")
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(4) as pool:
    found = pool.map(lambda *pair: asyncio.run(accepted(*pair)), ones, numbers)
print(sum(call is not None for call in found), flush=True)
"""


class Arguments(BaseModel):
    number: int
    fails: bool = False


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    write_source(folder)
    write_package(folder, planned(folder, ("clean",)))
    (folder / "light_tasks").rename(folder / NAME)
    forget_metrics()
    sys.path.insert(0, str(folder))
    names = ("background", "endpoints", "records", "records_redis", "records_sql")
    yield SimpleNamespace(
        **{name: importlib.import_module(f"{NAME}.{name}") for name in names}
    )
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]
    forget_metrics()


@pytest.fixture(params=["redis", "postgres", "sqlite"])
def process(request, package, tmp_path):
    """`process()` is the background work of a process that was started just now."""
    engines, made, namespace = [], [], f"t{time.time_ns()}"
    clock = SimpleNamespace(now=FAILED_AT)
    url = f"sqlite:///{tmp_path}/records.db"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")

    def start():
        if request.param == "redis":
            records = package.records_redis.RedisRecords(url, namespace, 3600.0)
        else:
            engines.append(create_engine(url))
            records = package.records_sql.SqlRecords(engines[-1], namespace)
        made.append(package.background.Background(records, clock=lambda: clock.now))
        return made[-1]

    start.clock, start.url, start.namespace = clock, url, namespace
    yield start
    for background in made:
        background.close()
    for engine in engines:
        engine.dispose()


@pytest.fixture
def work(package):
    def run(arguments):
        if arguments.fails:
            raise ValueError

    return package.background.Work(
        task="shop.clean",
        body=Arguments,
        run=run,
        breaker_failures=2,
        breaker_pause=60.0,
    )


def call(background, work, number, *, fails=False):
    """Accept and run one call, without a lifespan as in a team's own tests."""

    async def both():
        call_id = await background.accept(work, Arguments(number=number, fails=fails))
        await background.begin(call_id)

    asyncio.run(both())


def state_of(background, work):
    """As the overview of the endpoint tells it."""
    endpoints = sys.modules[f"{NAME}.endpoints"]
    totals = background.records.totals(work.task)
    return endpoints._breaker(work.open_until(totals), background.clock())


def open_until():
    """As Prometheus sees it."""
    name = "light_breaker_open_until_seconds"
    return REGISTRY.get_sample_value(name, {"entry": "shop.clean"})


def test_it_opens_survives_a_restart_probes_and_closes(process, work, package):
    refused = package.background.RefusedError
    background = process()
    call(background, work, 1, fails=True)
    call(background, work, 2)  # a success between them: not in a row
    call(background, work, 3, fails=True)
    call(background, work, 4, fails=True)
    for number, one in enumerate((background, process(), process())):
        with pytest.raises(refused, match="paused after too many") as caught:
            call(one, work, 10 + number)
        assert caught.value.retry_after == 61
        assert state_of(one, work) == "open"
    assert open_until() == FAILED_AT + 60
    process.clock.now += 61
    background = process()
    assert state_of(background, work) == "half-open"
    call(background, work, 20, fails=True)  # the probe fails: open again
    with pytest.raises(refused, match="paused after too many"):
        call(background, work, 21)
    process.clock.now += 61
    call(background, work, 22)  # the next probe succeeds: closed
    assert state_of(background, work) == "closed"
    call(process(), work, 23, fails=True)
    assert open_until() == 0
    call(process(), work, 24)


def test_half_open_lets_one_call_in(process, work, package):
    background = process()
    call(background, work, 1, fails=True)
    call(background, work, 2, fails=True)
    process.clock.now += 61

    async def while_the_probe_runs():
        probe = await background.accept(work, Arguments(number=3))
        with pytest.raises(package.background.RefusedError, match="one call"):
            await process().accept(work, Arguments(number=4))
        await background.begin(probe)
        await process().accept(work, Arguments(number=5))

    asyncio.run(while_the_probe_runs())


def test_of_many_threads_one_becomes_the_probe(process, work, package):
    racers = [process() for _ in range(8)]
    for number in (1, 2):
        call(racers[0], work, number, fails=True)
    for turn in range(4):
        process.clock.now += 61
        ids = race(racers, work, package, 100 * (turn + 1))
        assert [one is not None for one in ids].count(True) == 1
        winner = next(place for place, one in enumerate(ids) if one)
        asyncio.run(racers[winner].begin(ids[winner]))  # it fails: open again
        with pytest.raises(package.background.RefusedError, match="too many"):
            call(process(), work, 3)


def race(racers, work, package, first):
    """Each racer in a thread of its own; the id that it got, or None."""
    barrier = threading.Barrier(len(racers))

    async def accepted(racer, number):
        try:
            return await racer.accept(work, Arguments(number=number, fails=True))
        except package.background.RefusedError:
            return None

    def run(place):
        barrier.wait()
        return asyncio.run(accepted(racers[place], first + place))

    with ThreadPoolExecutor(len(racers)) as pool:
        return list(pool.map(run, range(len(racers))))


def test_of_two_processes_one_call_becomes_the_probe(process, work, package):
    background = process()
    for number in (1, 2):
        call(background, work, number, fails=True)
    folder = package.background.__file__.rpartition(f"/{NAME}/")[0]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, process.url, process.namespace, str(racer)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks
        )
        for racer in (1, 2)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=60)[0] for racer in racers]
    assert sum(map(int, answers)) == 1


def test_a_probe_that_saw_an_older_failure_is_refused(process, work):
    """Between its look and its step another probe has come and failed."""
    background = process()
    for number in (1, 2):
        call(background, work, number, fails=True)
    process.clock.now += 61
    call(process(), work, 3, fails=True)
    late = background._record(work, Arguments(number=4))
    assert not background.records.add_probe(late, FAILED_AT)
    assert background.records.get(late.id) is None
    assert background.records.add_probe(late, FAILED_AT + 61)
    assert background.records.add_probe(late, FAILED_AT + 61)  # the answer was lost
    assert [one.id for one in background.records.open(work.task)] == [late.id]
