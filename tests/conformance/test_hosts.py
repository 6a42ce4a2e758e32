"""The programs a runner lives in: servers that fork, several workers, Flask."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers import die_with_parent, free_port, stop, wait_until
from tests.transition.durable import read

ROOT = Path(__file__).parents[2]

TASKS = """
import os
from celery import Celery
import shim

app = Celery("hosted", broker="memory://", backend="file://" + os.environ["RESULTS"])
app.set_default()

@shim.light_task(name="note", app=app)
def note(number):
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{number} {os.getpid()}\\n".encode())
    os.close(handle)
"""
WSGI = """
from tasks import note
note.name  # evaluated before the fork
def application(environ, start_response):
    note.delay(environ["QUERY_STRING"])
    start_response("200 OK", [])
    return [b"ok"]
"""
GUNICORN = """
preload_app = True
def post_fork(server, worker):
    import shim
    shim.start_runner()
"""
ASGI = """
from fastapi import FastAPI
from shim.fastapi import lifespan
from tasks import note
application = FastAPI(lifespan=lifespan)
@application.get("/")
def call(number: int):
    note.delay(number)
"""
WORKER = """
import os, sys
from celery import signals
import tasks
from tasks import app, note

app.conf.broker_url = os.environ["BROKER"]

@app.task(name="heavy")
def heavy(number):
    note.delay(number)

def start(**_):
    tasks.shim.start_runner(app)

def stop(**_):
    tasks.shim.stop_runner()

if os.environ["RUNNER_IN"] == "child":
    signals.worker_process_init.connect(start)
    signals.worker_process_shutdown.connect(stop)
else:
    signals.worker_ready.connect(start)
    signals.worker_shutting_down.connect(stop)
"""
FLASK = """
import flask
from celery import Celery, Task
import shim
from shim.testing import memory_outbox, run_all

web = flask.Flask("web")
web.config["GREETING"] = "hello"

class FlaskTask(Task):
    def __call__(self, *args, **kwargs):
        with web.app_context():
            return self.run(*args, **kwargs)

app = Celery("web", task_cls=FlaskTask, broker="memory://", backend="cache+memory://")
app.set_default()

@shim.light_task(name="greet")
def greet():
    return flask.current_app.config["GREETING"]

with memory_outbox():
    greet.delay()
    print(run_all(app)[0].get())
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "results").mkdir()
    return tmp_path


def environment(folder):
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{folder}",
        "RESULTS": str(folder / "results"),
        "LEDGER": str(folder / "ledger"),
        "SHIM_OUTBOX": f"sqlite:///{folder}/outbox.sqlite3",
        "PYTHONWARNINGS": "ignore",
    }


@contextmanager
def serving(folder, *command):
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *(word.format(port=port) for word in command)],
        env=environment(folder),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        wait_until(lambda: _answers(url), timeout=40)
        yield url
    finally:
        stop(process)


def _answers(url):
    try:
        httpx.get(url, params={"number": 0}, timeout=2)
    except httpx.HTTPError:
        return False
    return True


def _call(url, folder, calls=20):
    """Call from many connections; the processes that ran a body, each call once."""
    for number in range(1, calls + 1):
        assert httpx.get(url, params={"number": number}).status_code == 200
    ledger = str(folder / "ledger")
    wait_until(lambda: len(_runs(ledger)) >= calls, timeout=20)
    runs = _runs(ledger)
    assert sorted(runs) == sorted(set(runs)) == list(range(1, calls + 1))
    return {line.split()[1] for line in read(ledger)}


def _runs(ledger):
    numbers = [int(line.split()[0].rpartition("=")[2]) for line in read(ledger)]
    return [number for number in numbers if number]


def test_gunicorn_with_preload(folder):
    pytest.importorskip("gunicorn", reason="a host, not a dependency")
    (folder / "served.py").write_text(WSGI)
    (folder / "conf.py").write_text(GUNICORN)
    command = ("gunicorn", "-c", "conf.py", "-w", "2", "-b", "127.0.0.1:{port}")
    with serving(folder, *command, "served:application") as url:
        assert _call(url, folder)


def test_uvicorn_with_two_workers(folder):
    (folder / "served.py").write_text(ASGI)
    command = ("uvicorn", "--workers", "2", "--port", "{port}", "served:application")
    with serving(folder, *command) as url:
        assert _call(url, folder)


def test_flask_with_a_base_class_that_opens_an_app_context(folder):
    pytest.importorskip("flask", reason="a host, not a dependency")
    done = subprocess.run(
        [sys.executable, "-c", FLASK],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "hello\n", done.stderr


@pytest.mark.parametrize("place", ["child", "parent"])
def test_a_celery_worker(folder, redis_url, place):
    """The runner of a project that has no other process to put it into."""
    (folder / "hosted.py").write_text(WORKER)
    given = {**environment(folder), "BROKER": redis_url, "RUNNER_IN": place}
    queue = f"hosted-{folder.name}"
    command = ("celery", "-A", "hosted", "worker", "-c", "2", "-Q", queue)
    said = folder / "said"
    with said.open("w") as file:
        worker = subprocess.Popen(
            [sys.executable, "-m", *command, "-l", "warning"],
            env=given,
            cwd=folder,
            stdout=file,
            stderr=file,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        )
    calls = f"""
from hosted import heavy, note
for number in range(1, 9):
    heavy.apply_async((number,), queue={queue!r})
    note.delay(100 + number)
note.apply_async((200,), countdown=0.5)
"""
    wanted = sorted([*range(1, 9), *range(101, 109), 200])
    try:
        subprocess.run([sys.executable, "-c", calls], env=given, cwd=folder, check=True)
        ledger = str(folder / "ledger")
        wait_until(lambda: len(_runs(ledger)) >= len(wanted), timeout=30)
        assert sorted(_runs(ledger)) == wanted
    finally:
        stop(worker)
    assert worker.returncode == 0
    assert "Traceback" not in said.read_text()
