"""A small project in its old and its new release, and its processes.

The old release declares every task with Celery; the new one has moved `mail` and
`report` and keeps `crunch` and `grind`. Each run appends a line to the ledger.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.servers import die_with_parent, stop
from tests.transition.durable import read

ROOT = Path(__file__).parents[2]

HEAD = """
import os, time
from celery import Celery

app = Celery("project", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_prefetch_multiplier = 1

def write(*words):
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (" ".join(map(str, words)) + "\\n").encode())
    os.close(handle)

def side():
    return os.environ.get("PLACE", "?")
"""
TASKS = """
{mail}
def mail(self, number):
    write("mail", number, side())

{report}
def report(self, number):
    if self.request.retries == 0:
        raise self.retry(countdown=0.2)
    write("report", number, side())

@app.task(name="crunch", bind=True, acks_late=True)
def crunch(self, number, wait=0):
    write("crunch", number, side())
    time.sleep(wait)

@app.task(name="grind")
def grind(wait):
    write("grind", wait, side())
    time.sleep(wait)
"""
OLD = {
    "mail": '@app.task(name="mail", bind=True)',
    "report": '@app.task(name="report", bind=True)',
}
NEW = {
    "mail": '@light_task(name="mail", app=app, bind=True)',
    "report": '@light_task(name="report", app=app, bind=True)',
}

CALLS = """
import time, {release} as release
for number in range({first}, {first} + 20):
    release.mail.delay(number)
    if number % 4 == 0:
        release.report.delay(number)
        release.crunch.delay(number)
    if number % 5 == 0:
        release.mail.apply_async((1000 + number,), countdown=1)
    time.sleep(0.02)
"""


def expected(first):
    numbers = range(first, first + 20)
    calls = [("mail", number) for number in numbers]
    calls += [(name, n) for n in numbers if n % 4 == 0 for name in ("report", "crunch")]
    return calls + [("mail", 1000 + number) for number in numbers if number % 5 == 0]


class Project:
    """Both releases in a folder, with one broker, one outbox and one ledger."""

    def __init__(self, folder, broker, outbox):
        self.folder = folder
        self.ledger = str(folder / "ledger")
        (folder / "old.py").write_text(HEAD + TASKS.format(**OLD))
        imported = "from shim import light_task\n"
        (folder / "new.py").write_text(imported + HEAD + TASKS.format(**NEW))
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}:{folder}",
            "BROKER": broker,
            "LEDGER": self.ledger,
            "SHIM_OUTBOX": outbox,
            "PYTHONWARNINGS": "ignore",
        }

    def lines(self):
        return [line.split() for line in read(self.ledger)]

    def runs(self):
        """(task, number) of every run, in any place."""
        return sorted((line[0], int(line[1])) for line in self.lines())

    def python(self, code, **environment):
        """Start a process that runs this code."""
        return self._start([sys.executable, "-c", code], **environment)

    @contextmanager
    def worker(self, release, queues="celery"):
        """A Celery worker of a release."""
        command = [sys.executable, "-m", "celery", "-A", f"{release}:app", "worker"]
        command += ["-c", "2", "-l", "error", "--without-gossip", "-Q", queues]
        with self._running(command, PLACE=f"worker-{release}") as process:
            yield process

    @contextmanager
    def runner(self):
        """A process with a runner of the new release."""
        command = [sys.executable, "-m", "shim", "run", "--app", "new:app"]
        command += ["--poll", "0.2", "--lease", "5"]
        with self._running(command, PLACE="runner") as process:
            yield process

    def command(self, *arguments):
        """The JSON answer of `python -m shim ... --app new:app`."""
        done = subprocess.run(
            [sys.executable, "-m", "shim", *arguments, "--app", "new:app"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _start(self, command, **environment):
        return subprocess.Popen(
            command,
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        )

    @contextmanager
    def _running(self, command, **environment):
        process = self._start(command, **environment)
        try:
            yield process
        finally:
            stop(process)
