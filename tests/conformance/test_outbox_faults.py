"""The store is lost in the middle of a call: it is stored, or the caller is told.

Real servers, killed, cut off, full, read-only and silent; every message is counted.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import suppress

import psycopg
import pytest
import redis
from celery import Celery
from celery.utils import uuid
from kombu.exceptions import OperationalError

import shim
from shim.outbox.choice import open_outbox
from shim.outbox.redis_queue import PATIENCE, RedisOutbox
from tests.servers import (
    ServerMissingError,
    free_port,
    postgres_that_can_die,
    redis_that_can_die,
    wait_until,
)

SERVERS = {"postgres": postgres_that_can_die, "redis": redis_that_can_die}


@pytest.fixture(scope="module")
def servers():
    """Opens one server of a kind that may be killed, and keeps it for the module."""
    opened = {}

    def server_of(kind):
        if kind not in opened:
            context = SERVERS[kind]()
            try:
                opened[kind] = (context.__enter__(), context)
            except ServerMissingError as error:
                pytest.skip(str(error))
        return opened[kind][0]

    yield server_of
    for _, context in opened.values():
        context.__exit__(None, None, None)


@pytest.fixture(params=SERVERS)
def server(request, servers):
    return servers(request.param)


def noop(text=""):
    del text


@pytest.fixture
def caller():
    """A light task whose calls go to an outbox on a server; a fresh queue each."""
    opened = []

    def task_at(url, **transport):
        kind = "broker" if url.startswith("redis") else url
        broker = url if kind == "broker" else "memory://"
        app = Celery("faults", broker=broker, set_as_current=False)
        app.conf.broker_transport_options = transport
        outbox = open_outbox(kind, app)
        if kind == "broker":
            outbox = RedisOutbox(app, f"light-{os.urandom(6).hex()}")
        opened.append(outbox)
        # Routes of a store that is down send calls to Celery; here they may not.
        shim.configure(outbox=outbox, routes={"*": "light"})
        return shim.light_task(name="noop", app=app, shared=False)(noop), outbox

    yield task_at
    shim.configure(outbox=None, routes=None)
    for outbox in opened:
        outbox.close()


def stored(outbox):
    """How often each id is in the store; the messages are taken out."""
    found = Counter()
    while claims := outbox.claim("test", ["noop"], 500, 60.0):
        found.update(claim.message.id for claim in claims)
        for claim in claims:
            outbox.finish(claim)
    return found


def refused(call):
    """The error of a call, or None when it says that it is stored."""
    try:
        call()
    except OperationalError as error:
        return error
    return None


class Callers:
    """Threads that call, and note which calls came back and which were refused."""

    def __init__(self, task):
        self.task, self.returned, self.refused = task, [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._call) for _ in range(3)]

    def _call(self):
        while not self.over.is_set():
            task_id = uuid()
            error = refused(lambda known=task_id: self.task.apply_async(task_id=known))
            (self.refused if error else self.returned).append(task_id)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def test_a_server_that_dies_while_it_is_called_keeps_what_it_took(server, caller):
    """And the same connections work again when it is back."""
    task, outbox = caller(server.url)
    with Callers(task) as calls:
        for _ in range(2):
            before, failed = len(calls.returned), len(calls.refused)
            wait_until(lambda: len(calls.returned) > before + 20)  # noqa: B023
            server.kill()
            wait_until(lambda: len(calls.refused) > failed + 3)  # noqa: B023
            server.start()
        before = len(calls.returned)
        wait_until(lambda: len(calls.returned) > before + 20)
    found = stored(outbox)
    assert set(calls.returned) <= found.keys()
    assert found.keys() <= {*calls.returned, *calls.refused}
    assert max(found.values()) == 1


class Link:
    """A way to a server that can be cut: before a request, or before its answer."""

    def __init__(self, port):
        self.port, self.cut = port, ""
        self._ends = [socket.create_server(("127.0.0.1", 0))]
        self.here = self._ends[0].getsockname()[1]
        self._threads = []
        self._start(self._accept, self._ends[0])

    def _start(self, target, *given):
        self._threads.append(threading.Thread(target=target, args=given))
        self._threads[-1].start()

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                self._ends += [near, far]
                self._start(self._pass, near, far, "request")
                self._start(self._pass, far, near, "answer")

    def _pass(self, source, target, what):
        with suppress(OSError):
            while (data := source.recv(65536)) and self.cut != what:
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()


@pytest.mark.parametrize("cut", ["request", "answer"])
def test_a_cut_connection_raises_and_nothing_is_sent_again(server, caller, cut):
    """An answer that is lost leaves one message; the shim never adds a second."""
    port = server.url.rpartition(":")[2].partition("/")[0]
    with Link(int(port)) as link:
        task, outbox = caller(server.url.replace(f":{port}/", f":{link.here}/"))
        task.delay()
        assert sum(stored(outbox).values()) == 1
        if not isinstance(outbox, RedisOutbox):
            # The look at a pooled connection would meet the cut before the call.
            outbox._database._current_engine().pool._pre_ping = False
        link.cut = cut
        assert refused(task.delay)
        link.cut = ""
        task.delay()
        found = stored(outbox)
        outbox.close()
    # PostgreSQL commits in a second request, which a lost answer keeps away.
    once_more = cut == "answer" and isinstance(outbox, RedisOutbox)
    assert sorted(found.values()) == ([1, 1] if once_more else [1])


def test_postgres_that_is_read_only_full_or_emptied(servers, caller):
    server = servers("postgres")
    task, outbox = caller(server.url)
    task.delay()
    address = server.url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as admin:
        _set(admin, "default_transaction_read_only = on", "on")
        assert "read-only" in str(refused(task.delay))
        _set(admin, "default_transaction_read_only = off", "off")
        task.delay()
        assert sum(stored(outbox).values()) == 2

        for moment in ("NOT DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"):
            admin.execute(DISK_IS_FULL.replace("MOMENT", moment))
            error = str(refused(lambda: task.delay("secret")))
            assert "No space left on device" in error
            assert "secret" not in error  # arguments of tasks belong in no log
            admin.execute("DROP FUNCTION full_disk CASCADE")
        task.delay()
        assert sum(stored(outbox).values()) == 1

        admin.execute("DROP TABLE light_outbox")
        assert "does not exist" in str(refused(task.delay))
        task.delay()
        assert sum(stored(outbox).values()) == 1


# The error of a full disk, at the statement or at the commit.
DISK_IS_FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON light_outbox MOMENT
FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def _set(admin, setting, shown):
    admin.execute(f"ALTER SYSTEM SET {setting}")
    admin.execute("SELECT pg_reload_conf()")
    name = setting.split()[0]

    def is_in_force():
        return admin.execute(f"SHOW {name}").fetchone()[0] == shown

    wait_until(is_in_force)
    admin.execute("SET default_transaction_read_only = off")
    time.sleep(0.1)  # the other backends read it before their next statement


def test_redis_that_is_read_only_full_or_cannot_save(servers, caller):
    server = servers("redis")
    task, outbox = caller(server.url)
    task.delay()
    admin = redis.Redis.from_url(server.url)
    admin.config_set("maxmemory", 1)
    assert "maxmemory" in str(refused(task.delay))
    admin.config_set("maxmemory", 0)
    admin.replicaof("127.0.0.1", free_port())
    assert "read only" in str(refused(task.delay))
    admin.replicaof("NO", "ONE")
    admin.client_kill_filter(_type="normal", skipme=True)
    task.delay()
    admin.close()
    assert sum(stored(outbox).values()) == 2


def test_redis_that_is_silent_raises_in_time(servers, caller):
    server = servers("redis")
    task, outbox = caller(server.url, socket_timeout=0.3)
    task.delay()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        assert "Timeout" in str(refused(task.delay))
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    task.delay()
    assert sum(stored(outbox).values()) in {2, 3}  # the silent one may have heard it
    _, patient = caller(server.url)
    options = patient._connected().connection_pool.connection_kwargs
    assert PATIENCE.items() <= options.items()


def test_redis_that_was_down_when_the_runner_started(caller):
    port = free_port()
    task, outbox = caller(f"redis://127.0.0.1:{port}/0")
    assert refused(lambda: outbox.claim("me", ["noop"], 1, 1.0))
    ran = threading.Event()

    def done():
        ran.set()

    shim.light_task(name="done", app=task.app, shared=False)(done)
    with shim.Runner(task.app, outbox, poll=0.1), redis_that_can_die(port):
        wait_until(lambda: refused(task.app.tasks["done"].delay) is None)
        assert ran.wait(30)


def test_postgres_is_not_waited_for_for_ever(servers, caller):
    _, outbox = caller(servers("postgres").url)
    outbox.counts()
    with outbox._database._current_engine().connect() as connection:
        handle = os.dup(connection.connection.driver_connection.fileno())
    with socket.socket(fileno=handle) as wire:
        user_timeout = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert user_timeout == 30_000


# --- SQLite: the disk and the file


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "outbox.sqlite3"


def in_a_child(check):
    """Run `check` in a forked child, whose limits are its own."""
    child = multiprocessing.get_context("fork").Process(target=check)
    child.start()
    child.join(60)
    assert child.exitcode == 0


def test_sqlite_on_a_full_disk(file, caller):
    task, outbox = caller(f"sqlite:///{file}")
    limit = resource.RLIMIT_FSIZE
    taken = []

    def check():
        resource.setrlimit(limit, (400_000, -1))
        while refused(lambda: task.delay("x" * 20_000)) is None:
            taken.append(1)
        assert 3 < len(taken) < 100
        resource.setrlimit(limit, (-1, -1))
        task.delay()
        assert sum(stored(outbox).values()) == len(taken) + 1

    in_a_child(check)


def test_sqlite_that_is_read_only(file, caller):
    task, outbox = caller(f"sqlite:///{file}")
    task.delay()
    outbox._database.run(("PRAGMA query_only = on", {}))  # holds for root too
    assert "readonly" in str(refused(task.delay))
    task.delay()
    assert sum(stored(outbox).values()) == 2


@pytest.mark.parametrize("what", ["the file", "the folder", "replaced"])
def test_sqlite_file_that_is_gone_gets_no_call(file, caller, caplog, what):
    """A connection would write on into the deleted file, and nobody would see it."""
    task, outbox = caller(f"sqlite:///{file}")
    task.delay()
    (old,) = outbox.claim("me", ["noop"], 1, 60.0)
    task.delay()
    if what == "the folder":
        shutil.rmtree(file.parent)
    else:
        file.unlink()
    if what == "replaced":
        file.touch(0o600)
    task.delay()
    assert "was deleted or replaced" in caplog.text
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(caplog.records) == 1
    (claim,) = outbox.claim("me", ["noop"], 9, 60.0)
    assert outbox.start(old, late=False) is False
    outbox.finish(old)  # what was taken from the old file names no row of the new
    assert outbox.start(claim, late=False)
    assert open_outbox(f"sqlite:///{file}").counts()["noop"].running == 1


def test_sqlite_file_that_goes_during_the_call(file, caller):
    task, outbox = caller(f"sqlite:///{file}")
    task.delay()
    database = outbox._database
    run = database._transaction

    def deleted_at_the_commit(*given):
        rows = run(*given)
        file.unlink()
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_transaction", deleted_at_the_commit)
        error = refused(lambda: shim.settings.current_outbox().put(_two(task)))
    assert "deleted or replaced" in str(error)
    task.delay()
    assert sum(stored(outbox).values()) == 1


def _two(task):
    from shim.message import Message

    return [Message(uuid(), task.name, None, "{}", "[[], {}, {}]") for _ in "12"]
