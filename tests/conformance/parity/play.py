"""Play all cases on one side: a worker, a driver, and what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from celery import Celery

from tests.servers import die_with_parent, stop

ROOT = Path(__file__).parents[3]
PACKAGE = "tests.conformance.parity"


def play(side, redis_url, outbox=None, *, broker=None, chosen=(), excepted=()):
    """The outcomes of all cases on a side but the excepted ones, by name.

    `broker` is by default the Redis that also holds results and notes.
    """
    environment = {
        **os.environ,
        "PARITY_SIDE": side,
        "PARITY_REDIS": redis_url,
        "PARITY_BROKER": broker or redis_url,
        "PARITY_OUTBOX": outbox or "",
        "PARITY_EXCEPT": ",".join(excepted),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    with worker(environment):
        driven = subprocess.run(
            [sys.executable, "-m", f"{PACKAGE}.drive", *chosen],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    assert driven.returncode == 0, driven.stderr[-3000:]
    return json.loads(driven.stdout), driven.stderr


@contextmanager
def worker(environment):
    """A prefork worker that is ready, until the block ends."""
    command = [sys.executable, "-m", "celery", "-A", f"{PACKAGE}.tasks", "worker"]
    command += ["-c", "2", "-P", "prefork", "-l", "warning", "--without-gossip"]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
    )
    try:
        _wait_for_worker(environment, process)
        yield process
    finally:
        stop(process)


def _wait_for_worker(environment, process):
    app = Celery(broker=environment["PARITY_BROKER"], set_as_current=False)
    deadline = time.monotonic() + 120
    with app.connection_for_read() as connection:
        while time.monotonic() < deadline:
            assert process.poll() is None, "the worker ended"
            if app.control.ping(timeout=0.3, connection=connection):
                return
    message = "no worker answered within 120 s"
    raise AssertionError(message)


def fresh_database(url):
    """The URL of a new database on the server of `url`."""
    name = f"outbox_{os.urandom(6).hex()}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{url.rpartition('/')[0]}/{name}"
