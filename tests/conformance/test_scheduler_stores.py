"""One contract for claims and leases, over Redis, PostgreSQL and SQLite; and breakers.

The generated files themselves are imported, from a package rendered for the purpose.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from prometheus_client import REGISTRY
from redis import Redis
from sqlalchemy import create_engine, select, update

from tests.acceptance.scheduler_project import every, records, write_package
from tests.conformance.generated import forget_metrics
from tests.servers import free_port, redis_server, wait_until

SLOT = datetime(2027, 1, 1, 12, tzinfo=UTC)
MODULES = ("config", "entry", "locks", "locks_redis", "locks_sql", "metrics", "runs")
MODULES += ("breaker", "pings", "unfinished", "state", "store")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    write_package(folder, *records([every(5, "a")]))
    (folder / "light_tasks").rename(folder / "stores_under_test")
    forget_metrics()
    sys.path.insert(0, str(folder))
    yield SimpleNamespace(
        **{
            name: importlib.import_module(f"stores_under_test.{name}")
            for name in MODULES
        }
    )
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("stores_under_test")]:
        del sys.modules[name]
    forget_metrics()


@pytest.fixture(params=["redis", "postgres", "sqlite"])
def store(request, package, tmp_path):
    """A fresh store; `store.again()` is a second client, as of another replica."""
    kind = request.param
    namespace = f"t{time.time_ns()}"
    engines = []

    def connect():
        if kind == "redis":
            url = request.getfixturevalue("redis_url")
            return package.locks_redis.RedisLocks(url, namespace)
        url = f"sqlite:///{tmp_path}/locks.db"
        if kind == "postgres":
            url = request.getfixturevalue("postgres_url")
        engines.append(create_engine(url))
        return package.locks_sql.SqlLocks(engines[-1], namespace)

    first = connect()
    first.again = connect
    yield first
    first.close()
    for engine in engines:
        engine.dispose()


def test_of_many_claimers_one_gets_the_slot(store):
    clients = [store, *(store.again() for _ in range(4))]
    barrier = threading.Barrier(len(clients))

    def race(client):
        barrier.wait()
        slots = [SLOT + timedelta(seconds=number) for number in range(20)]
        claims = [client.claim("job", slot, SLOT) for slot in slots]
        return [s for s, claim in zip(slots, claims, strict=True) if claim.is_ours]

    with ThreadPoolExecutor(len(clients)) as pool:
        won = Counter(slot for slots in pool.map(race, clients) for slot in slots)
    assert len(won) == 20
    assert set(won.values()) == {1}


def test_a_claim_is_of_one_entry_and_one_slot(store):
    assert store.claim("a", SLOT, SLOT).is_ours
    assert store.claim("b", SLOT, SLOT).is_ours
    assert store.claim("a", SLOT + timedelta(milliseconds=500), SLOT).is_ours
    assert not store.claim("a", SLOT, SLOT).is_ours
    ours = SLOT.astimezone(tz=None)
    assert not store.claim("a", ours, SLOT).is_ours  # the same instant, other zone


def test_an_old_slot_is_doubtful(store):
    """Its claim may have lapsed: who has run last must be asked elsewhere."""
    store.claim("b", SLOT, SLOT - timedelta(seconds=60))
    soon = SLOT + timedelta(seconds=60)
    assert not store.claim("a", soon, soon).is_doubtful
    assert store.claim("a", SLOT, SLOT + timedelta(days=3)).is_doubtful


def test_a_redis_that_forgot_makes_recent_slots_doubtful(package, redis_url):
    """It was emptied or replaced: whoever was there before may have claimed."""
    now = datetime.now(UTC)
    past = now - timedelta(minutes=5)
    locks = package.locks_redis.RedisLocks(redis_url, f"doubt{time.time_ns()}")
    assert locks.claim("a", past, past).is_ours
    later = past + timedelta(minutes=1)
    assert not locks.claim("a", later, later).is_doubtful
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    claim = locks.claim("a", later, now)
    assert claim.is_ours
    assert claim.is_doubtful
    locks.close()


def test_a_lease_has_one_holder_and_a_growing_number(store):
    first = store.acquire("job", "one", 30)
    assert first is not None
    assert store.acquire("job", "two", 30) is None
    assert store.held(["job", "other"]) == {"job"}
    store.release("job", "two")  # not the holder: nothing happens
    assert store.acquire("job", "two", 30) is None
    store.release("job", "one")
    second = store.acquire("job", "two", 30)
    assert second > first
    assert not store.renew("job", "one", 30)
    assert store.renew("job", "two", 30)


def test_a_lease_is_renewed_and_its_loss_is_told(package, redis_url):
    namespace = f"lease{time.time_ns()}"
    locks = package.locks_redis.RedisLocks(redis_url, namespace)
    with package.locks.Lease(locks, "job", lifetime=0.6) as lease:
        assert lease.try_acquire()
        time.sleep(1.0)  # longer than the lifetime
        assert locks.acquire("job", "thief", 5) is None
        assert not lease.lost.is_set()
        with Redis.from_url(redis_url) as redis:
            redis.delete(f"{namespace}:lock:job")
        assert lease.lost.wait(2)
    locks.close()


def test_a_store_that_is_down_is_an_error_of_its_own(package, tmp_path):
    """Never a silent True: the caller must not run."""
    with redis_server() as url:
        locks = package.locks_redis.RedisLocks(url, "down")
        locks.ping()
    for call in (
        lambda: locks.claim("a", SLOT, SLOT),
        lambda: locks.acquire("a", "t", 1),
        locks.ping,
    ):
        began = time.monotonic()
        with pytest.raises(package.locks.StoreDownError):
            call()
        assert time.monotonic() - began < 5
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    sql = package.locks_sql.SqlLocks(engine, "down")
    sql._ticks.drop(engine)
    with pytest.raises(package.locks.StoreDownError):
        sql.claim("a", SLOT, SLOT)
    engine.dispose()


@pytest.fixture
def bench(package, tmp_path):
    """A runner over SQLite with a clock that stands still until it is moved."""
    engine = create_engine(f"sqlite:///{tmp_path}/bench.db")
    states = package.state.JobStates(engine, "bench")
    store = package.store.ReplicaJobStore(engine=engine, tablename="bench_jobs")
    made = SimpleNamespace(now=SLOT, states=states, package=package)

    def runner(**options):
        entry = package.entry.Entry(
            id="job", task="job", job="builtins:print", trigger=None, **options
        )
        states.register(entry)
        return package.runs.Runner(
            entries=(entry,),
            locks=package.locks_sql.SqlLocks(engine, "bench"),
            states=states,
            store=store,
            unfinished=package.unfinished.Unfinished(engine, "bench", (entry,)),
            clock=lambda: made.now,
        )

    made.runner = runner
    yield made
    engine.dispose()


def attempt(bench, runner, error=None):
    """One slot, a second later than the one before; whether the body ran."""
    bench.now += timedelta(seconds=1)
    run = runner.begin("job", bench.now)
    if run is not None:
        runner.end(run, error)
    return run is not None


def test_a_breaker_opens_probes_and_closes(bench):
    runner = bench.runner(breaker_failures=2, breaker_pause=60.0)
    assert attempt(bench, runner, ValueError())
    assert attempt(bench, runner, ValueError())
    assert not attempt(bench, runner)  # open
    open_until = "light_breaker_open_until_seconds"
    until = REGISTRY.get_sample_value(open_until, {"entry": "job"})
    assert until == bench.states.get("job").open_until.timestamp()
    runner = bench.runner(breaker_failures=2, breaker_pause=60.0)
    assert not attempt(bench, runner)  # still, in a process that was started since
    state = bench.states.get("job")
    assert state.last_outcome == "breaker-open"
    assert state.missed == 2
    bench.now += timedelta(seconds=60)
    assert attempt(bench, runner, ValueError())  # the probe fails: open again
    assert not attempt(bench, runner)
    bench.now += timedelta(seconds=60)
    assert attempt(bench, runner)  # the next probe succeeds: closed
    assert attempt(bench, runner)
    assert bench.states.get("job").open_until is None
    assert REGISTRY.get_sample_value(open_until, {"entry": "job"}) == 0


def test_a_half_open_breaker_admits_one_probe(bench):
    runner = bench.runner(breaker_failures=1, breaker_pause=60.0)
    assert attempt(bench, runner, ValueError())
    bench.now += timedelta(seconds=61)
    probe = runner.begin("job", bench.now)
    assert probe is not None
    assert runner.begin("job", bench.now + timedelta(seconds=0.5)) is None
    runner.end(probe, None)
    assert attempt(bench, runner)


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_of_many_replicas_one_sends_the_probe(package, kind, tmp_path, request):
    url = f"sqlite:///{tmp_path}/replicas.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
    engines = [create_engine(url) for _ in range(8)]
    namespace, now = f"t{time.time_ns()}", SLOT
    states = [package.state.JobStates(engine, namespace) for engine in engines]
    entry = package.entry.Entry(
        id="job", task="job", job="", trigger=None, breaker_failures=1
    )
    breakers = [package.breaker.Breaker(one, lambda: now) for one in states]
    states[0].register(entry)
    states[0].failed("job", "failure", duration=1.0)
    breakers[0].failed(entry)
    barrier = threading.Barrier(len(breakers))

    def admits(breaker):
        barrier.wait()
        return breaker.admits(entry)

    with ThreadPoolExecutor(len(breakers)) as pool:
        for _ in range(4):
            assert not any(breaker.admits(entry) for breaker in breakers)
            now += timedelta(seconds=entry.breaker_pause)
            assert list(pool.map(admits, breakers)).count(True) == 1
    for engine in engines:
        engine.dispose()


def test_without_a_breaker_failures_never_pause(bench):
    runner = bench.runner()
    assert all(attempt(bench, runner, ValueError()) for _ in range(20))
    assert bench.states.get("job").failures == 20


def test_no_overlap_keeps_a_second_run_out(bench):
    runner = bench.runner(no_overlap=True)
    bench.now += timedelta(seconds=1)
    run = runner.begin("job", bench.now)
    assert run.lease.fence == 1
    assert not attempt(bench, runner)
    assert bench.states.get("job").last_outcome == "overlap"
    runner.end(run, None)
    assert attempt(bench, runner)


def test_a_stopping_runner_claims_nothing(bench):
    """The slot stays free for another replica, or for the next start."""
    runner = bench.runner()
    runner.is_stopping = True
    assert not attempt(bench, runner)
    other = bench.runner()
    assert other.begin("job", bench.now) is not None


def test_a_doubtful_slot_that_ran_is_not_run_again(bench):
    runner = bench.runner()
    assert attempt(bench, runner)
    ran = bench.now
    bench.now = ran + timedelta(days=2)  # the claim is past half its lifetime
    runner._locks._prune(bench.now.timestamp() + 1e6)
    assert runner.begin("job", ran) is None
    assert bench.states.get("job").missed == 0
    assert runner.begin("job", ran - timedelta(seconds=1)) is None  # did it run?
    assert bench.states.get("job").missed == 1
    assert runner.begin("job", ran + timedelta(days=1)) is not None


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_a_run_of_the_dead_is_taken_over_once(package, request, tmp_path, kind):
    url = f"sqlite:///{tmp_path}/unfinished.db"
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    entry = package.entry.Entry(id="again", task="a", job="a:b", trigger=None)
    namespace = f"r{time.time_ns()}"
    dead, *others = (
        package.unfinished.Unfinished(engine, namespace, (entry,)) for _ in range(5)
    )
    slots = [SLOT + timedelta(seconds=n) for n in range(4)]
    ended, running, taken, tried = slots
    assert not dead.open("again", ended)
    dead.close("again", ended)
    dead.open("again", running)
    others[0].open("again", running)  # it has the claim
    dead.open("again", taken)
    dead.open("other", taken)  # an entry of another release
    assert others[1].taken_over() == []
    dead.open("again", tried)
    dead.leave("again", tried)
    columns = dead._table.c
    silent = update(dead._table).where(columns.process == dead._process)
    with engine.begin() as connection:
        connection.execute(silent.values(seen_at=columns.seen_at - 1000))
    with ThreadPoolExecutor(len(others)) as threads:
        found = list(threads.map(lambda other: other.taken_over(), others))
    assert sorted(found) == [[], [], [], [("again", taken)]]
    (owner,) = (other for other in others if ("again", taken) in other._mine)
    assert owner.open("again", taken)
    owner.close("again", taken)
    others[0].close("again", running)
    with engine.connect() as connection:
        assert connection.execute(select(dead._table)).all() == []
    engine.dispose()


def test_what_a_runner_leaves_unfinished(bench):
    """Neither a slot of others nor a run that ended is open; a run under way is."""
    bench.now += timedelta(seconds=1)
    runner, other = (bench.runner(may_run_again=True) for _ in range(2))
    run = runner.begin("job", bench.now)
    assert not run.is_again
    assert other.begin("job", bench.now) is None
    other._unfinished._after = -1.0  # whoever is seen is silent for longer than that
    assert other._unfinished.taken_over() == [("job", bench.now)]
    again = other.begin("job", bench.now)
    assert again.is_again
    other.end(again, None)
    assert other._unfinished.taken_over() == []
    runner.end(run, None)


def test_a_slot_that_died_is_counted_and_closed(bench):
    bench.now += timedelta(seconds=1)
    assert bench.runner().begin("job", bench.now) is not None
    other = bench.runner()
    other._unfinished._after = -1.0
    for job, slot in other._unfinished.taken_over():
        other.died(job, slot)
    assert other._unfinished.taken_over() == []
    state = bench.states.get("job")
    assert (state.missed, state.missed_slot) == (1, bench.now)
    assert other.begin("job", bench.now) is None


def test_a_run_that_is_cut_short_stays_open(bench):
    bench.now += timedelta(seconds=1)
    runner = bench.runner(may_run_again=True)
    run = runner.begin("job", bench.now)
    runner.is_stopping = True
    runner.end(run, asyncio.CancelledError())
    other = bench.runner(may_run_again=True)
    other._unfinished._after = -1.0
    assert other._unfinished.taken_over() == [("job", bench.now)]


def test_what_is_passed_over_is_counted_once(bench):
    runner, other = bench.runner(), bench.runner()
    slots = [bench.now + timedelta(seconds=n) for n in range(1, 5)]
    bench.now = slots[-1]
    other.end(other.begin("job", slots[1]), None)
    runner.end(runner.begin("job", slots[3]), None)
    for late in (runner, other):
        late.passed_over("job", slots[:3], "coalesced")
    state = bench.states.get("job")
    assert state.missed == 2
    assert state.missed_slot == slots[2]
    assert state.last_outcome == "success"


def test_outcomes_are_counted_for_prometheus(bench):
    def value(name, **labels):
        return REGISTRY.get_sample_value(name, {"entry": "job", **labels}) or 0.0

    runner = bench.runner(expires=1.0)
    before = value("light_job_runs_total", outcome="success")
    missed = value("light_job_missed_total", reason="expired")
    running = value("light_job_running")
    assert attempt(bench, runner)
    assert runner.begin("job", bench.now - timedelta(seconds=5)) is None
    assert value("light_job_runs_total", outcome="success") == before + 1
    assert value("light_job_missed_total", reason="expired") == missed + 1
    assert value("light_job_running") == running
    assert value("light_job_last_success_seconds") > 0
    assert value("light_job_timeout_seconds") == 30


def test_a_watchdog_learns_of_each_run_and_holds_none_up(bench, monkeypatch):
    """Runs do not wait for it."""
    asked = []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(0.2)
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments):
            """Not into the output of the test run."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/check"
    monkeypatch.setenv("JOB_PING_URL", url)
    began = time.monotonic()
    assert attempt(bench, bench.runner())
    assert attempt(bench, bench.runner(), ValueError())
    assert time.monotonic() - began < 0.2
    wait_until(lambda: len(asked) == 4)
    assert asked == ["/check/start", "/check", "/check/start", "/check/fail"]
    server.shutdown()
    server.server_close()


def test_a_watchdog_that_is_down_is_told_without_its_address(
    bench, monkeypatch, caplog
):
    monkeypatch.setenv("JOB_PING_URL", f"http://127.0.0.1:{free_port()}/secret")
    assert attempt(bench, bench.runner())
    wait_until(lambda: len(caplog.records) >= 2)
    assert "was not delivered" in caplog.text
    assert "secret" not in caplog.text
