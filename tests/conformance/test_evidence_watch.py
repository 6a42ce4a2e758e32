"""A live worker on Redis: what it sends, logs and dumps is read, its values never."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from threading import Thread

import pytest
from celery import Celery

from migrator.operate.evidence import evidence_document, import_evidence
from migrator.operate.watch import BrokerError, NoEventsError, watch
from tests.servers import die_with_parent, free_port, redis_server, stop, wait_until

pytestmark = [pytest.mark.redis, pytest.mark.celery_worker]

CANARY = "canary-91ce"
RUNS = 35
PROGRAM = """
import os, time
from celery import Celery

app = Celery("watched", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.worker_hijack_root_logger = True

@app.task(name="watched.nap")
def nap(seconds, secret):
    time.sleep(seconds)
    return secret

@app.task(name="watched.fail")
def fail(secret):
    raise ValueError(secret)
"""


@pytest.fixture(scope="module")
def broker():
    with redis_server(free_port()) as url:
        yield url


@contextmanager
def celery(folder, broker, *arguments, out):
    """`celery -A watched ...` in a process of its own."""
    (folder / "watched.py").write_text(PROGRAM)
    environment = {"BROKER": broker, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)}
    with out.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "watched", *arguments],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        )
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def worker(folder, broker, *more):
    """Without -E: task events are off, as by default."""
    log = folder / "worker.log"
    options = ("worker", "-P", "solo", "--loglevel=INFO", *more)
    with celery(folder, broker, *options, out=log):
        wait_until(lambda: " ready." in log.read_text(), 20)
        yield log


def send(broker):
    app = Celery("sender", broker=broker, set_as_current=False)
    for _ in range(RUNS):
        app.send_task("watched.nap", args=[0.02, CANARY])
    app.send_task("watched.fail", kwargs={"secret": CANARY})


def test_watch_switches_events_on_for_its_time_and_keeps_no_value(tmp_path, broker):
    with worker(tmp_path, broker) as log:
        heard = []
        sender = Thread(target=send, args=(broker,))

        def progress(gone, events):
            heard.append((gone, events))
            if len(heard) == 1:
                sender.start()

        watched = watch(broker, 6.0, may_switch_on=True, on_progress=progress)
        sender.join()
        control = Celery("control", broker=broker, set_as_current=False).control
        (reply,) = control.enable_events(reply=True, timeout=3)
        assert list(reply.values()) == [{"ok": "task events enabled"}]  # were off again
        by_task = {e.task: e for e in watched.evidence}
        nap, fail = by_task["watched.nap"], by_task["watched.fail"]
        assert (nap.runs, nap.failures, fail.runs, fail.failures) == (RUNS, 0, 1, 1)
        assert 0.02 <= nap.p50 <= nap.p95 <= nap.max < 2.0
        assert nap.max_parallel == 1  # a solo pool
        assert watched.switched == watched.workers
        store = tmp_path / "evidence.json"
        store.write_bytes(evidence_document(watched.evidence))
        assert CANARY not in store.read_text() + repr(watched)

        logged = {e.task: e for e in import_evidence([log]).evidence}
        assert (logged["watched.nap"].runs, logged["watched.fail"].failures) == (
            RUNS,
            1,
        )
        assert logged["watched.nap"].p95 == pytest.approx(nap.p95, abs=0.005)
        assert CANARY in log.read_text()  # it was there to be taken
        assert CANARY not in repr(logged)


def test_an_interrupted_watch_keeps_what_it_heard(tmp_path, broker):
    with worker(tmp_path, broker, "-E"):
        sender = Thread(target=send, args=(broker,))

        def progress(gone, events):
            if sender.ident is None:
                sender.start()
            if events >= 3 * RUNS:  # received, started and the end of each
                raise KeyboardInterrupt

        watched = watch(broker, 120.0, on_progress=progress)
        sender.join()
    assert not watched.is_whole
    assert watched.seconds < 120
    assert {e.task for e in watched.evidence} >= {"watched.nap"}


def test_an_interrupted_watch_that_heard_nothing_is_an_interrupt(broker):
    def progress(gone, events):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(broker, 60.0, on_progress=progress)


def test_what_celery_events_dumps_is_imported(tmp_path, broker):
    dump = tmp_path / "dump.txt"
    with (
        worker(tmp_path, broker, "-E"),
        celery(tmp_path, broker, "events", "--dump", out=dump),
    ):
        wait_until(lambda: "heartbeat:" in dump.read_text(), 20)
        send(broker)
        wait_until(lambda: "task failed:" in dump.read_text(), 20)
    assert CANARY in dump.read_text()
    by_task = {e.task: e for e in import_evidence([dump]).evidence}
    assert by_task["watched.nap"].runs == RUNS
    assert by_task["watched.fail"].failures == 1
    assert CANARY not in repr(by_task)


def test_without_leave_to_switch_on_silence_is_an_error(tmp_path, broker):
    with worker(tmp_path, broker):
        sender = Thread(target=send, args=(broker,))
        sender.start()
        with pytest.raises(NoEventsError, match="events of 1 worker, and none of"):
            watch(broker, 3.0)
        sender.join()


def test_without_a_worker_silence_is_an_error(broker):
    with pytest.raises(NoEventsError, match="no worker was heard"):
        watch(broker, 1.0)


def test_a_refused_password_is_an_error_that_does_not_show_it(broker):
    with pytest.raises(BrokerError) as caught:
        watch(broker.replace("redis://", "redis://user:sesame@"), 1.0)
    assert "sesame" not in str(caught.value)
