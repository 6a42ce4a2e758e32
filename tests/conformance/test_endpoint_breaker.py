"""The circuit breaker of an endpoint: its state is in the records, so it outlives us.

The generated files themselves are imported, from a package rendered for the purpose.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from types import SimpleNamespace

import pytest
from pydantic import BaseModel
from sqlalchemy import create_engine

from tests.acceptance.background_project import planned, write_package, write_source
from tests.conformance.generated import forget_metrics

NAME = "endpoints_under_test"


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
    names = ("background", "records", "records_redis", "records_sql")
    yield SimpleNamespace(
        **{name: importlib.import_module(f"{NAME}.{name}") for name in names}
    )
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]
    forget_metrics()


@pytest.fixture(params=["redis", "sqlite"])
def process(request, package, tmp_path):
    """`process()` is the background work of a process that was started just now."""
    engines, namespace = [], f"t{time.time_ns()}"
    clock = SimpleNamespace(now=1_000_000.0)

    def start():
        if request.param == "redis":
            url = request.getfixturevalue("redis_url")
            records = package.records_redis.RedisRecords(url, namespace, 3600.0)
        else:
            engines.append(create_engine(f"sqlite:///{tmp_path}/records.db"))
            records = package.records_sql.SqlRecords(engines[-1], namespace)
        return package.background.Background(records, clock=lambda: clock.now)

    start.clock = clock
    yield start
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
    process.clock.now += 61
    background = process()
    call(background, work, 20, fails=True)  # the probe fails: open again
    with pytest.raises(refused, match="paused after too many"):
        call(background, work, 21)
    process.clock.now += 61
    call(background, work, 22)  # the next probe succeeds: closed
    call(process(), work, 23, fails=True)
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
