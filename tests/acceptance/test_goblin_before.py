"""The seed project works before any migration: its own tests, and for real."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from tests.goblin import CELERY, GoblinProject, answering_provider
from tests.servers import free_port, wait_for_port, wait_until


@pytest.fixture
def project(tmp_path, redis_url) -> GoblinProject:
    # A database number of its own: other tests have queues named `default` too.
    made = GoblinProject(tmp_path, redis_url.rsplit("/", 1)[0] + "/9")
    made.python("-m", "goblin_assistant.create_tables")
    return made


@pytest.fixture
def worker(project):
    with project.running(*CELERY, "worker", "-Q", "default", "-c", "2"):
        yield


@pytest.fixture
def provider_url():
    with answering_provider() as url:
        yield url


def test_own_tests_pass_without_a_broker(tmp_path):
    nobody_listens = f"redis://127.0.0.1:{free_port()}/0"
    project = GoblinProject(tmp_path, nobody_listens)
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
