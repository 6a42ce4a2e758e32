"""The seed project works before any migration: its own tests, and for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.servers import die_with_parent, free_port, stop, wait_for_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURE = Path(__file__).parents[2] / "fixtures" / "projects" / "goblin_assistant"
CELERY = ("celery", "-A", "goblin_assistant.celery_app")


class Project:
    """A copy of the fixture with a database and a Redis of its own."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.root = folder / "goblin"
        shutil.copytree(FIXTURE, self.root)
        self.database = folder / "goblin.db"
        self.env = {
            **os.environ,
            "REDIS_URL": redis_url,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "PYTHONPATH": str(self.root),
        }

    def python(self, *arguments: str) -> str:
        """What `python ARGUMENTS` prints; the test fails if it does not end well."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
        )
        try:
            yield process
        finally:
            stop(process)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def project(tmp_path, redis_url) -> Project:
    # A database number of its own: other tests have queues named `default` too.
    made = Project(tmp_path, redis_url.rsplit("/", 1)[0] + "/9")
    made.python("-m", "goblin_assistant.create_tables")
    return made


@pytest.fixture
def worker(project):
    with project.running(*CELERY, "worker", "-Q", "default", "-c", "2"):
        yield


@pytest.fixture
def provider_url():
    """A provider that is up."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments):
            """Not into the output of the test run."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_own_tests_pass_without_a_broker(tmp_path):
    nobody_listens = f"redis://127.0.0.1:{free_port()}/0"
    project = Project(tmp_path, nobody_listens)
    summary = project.python("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert re.search(r"^3\d passed(, \d+ warnings?)? in ", summary, re.MULTILINE), (
        summary
    )


@pytest.mark.redis
@pytest.mark.celery_worker
def test_a_worker_runs_a_probe(project, worker, provider_url):
    printed = project.python(
        "-c",
        "import json, sys\n"
        "from goblin_assistant.db import SessionLocal\n"
        "from goblin_assistant.models import Provider\n"
        "from goblin_assistant.tasks.health import probe_provider\n"
        "with SessionLocal.begin() as db:\n"
        "    db.add(Provider(id=3, name='stub', base_url=sys.argv[1]))\n"
        "result = probe_provider.delay(3)\n"
        "value = result.get(timeout=30)\n"
        "print(json.dumps([result.state, value]))\n",
        provider_url,
    )
    assert json.loads(printed) == ["SUCCESS", {"provider_id": 3, "ok": True}]
    rows = project.rows("select provider_id, ok, status_code from probe_results")
    assert rows == [(3, 1, 204)]


@pytest.mark.redis
@pytest.mark.celery_worker
def test_handlers_and_beat_have_visible_effects(project, worker, provider_url):
    port = free_port()
    web = ("uvicorn", "goblin_assistant.main:app", "--port", str(port))
    beat = (*CELERY, "beat", "--schedule", str(project.root / "beat"))
    base = f"http://127.0.0.1:{port}"
    with (
        project.running(*beat),
        project.running(*web) as server,
        httpx.Client(base_url=base, timeout=10) as client,
    ):
        wait_for_port(port, server)
        provider = {"name": "stub", "base_url": provider_url}
        provider_id = client.post("/providers", json=provider).json()["id"]
        assert client.post(f"/providers/{provider_id}/probe").status_code == 202
        assert client.post("/system/cleanup").status_code == 202
        wait_until(lambda: client.get(f"/providers/{provider_id}/probes").json())
        wait_until(lambda: client.get("/health").json()["cleanups"] == 1)
        wait_until(lambda: client.get("/health").json()["checks"] >= 2, timeout=30)
    assert {row[0] for row in project.rows("select status from health_checks")} == {
        "ok"
    }
