"""Generated endpoints under a real server, with real stores, killed while busy."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.acceptance.background_project import BEARER, GOOD, LONG, site
from tests.acceptance.scheduler_project import ROOT
from tests.servers import wait_until


def test_a_call_is_answered_at_once_runs_and_can_be_asked_for(tmp_path, store):
    made = site(tmp_path, **store)
    with made.serving() as server:
        began = time.monotonic()
        answer = server.post("/tasks/clean", label="a", seconds=1)
        assert time.monotonic() - began < 0.9
        assert answer.status_code == 202
        call_id = answer.json()["id"]
        assert len(call_id) >= 20  # 128 bits
        server.ends("/tasks/clean", call_id)
        state = server.client.get(f"/tasks/clean/{call_id}").json()
        assert state["ended_at"] > state["started_at"] > state["created_at"]
        assert state["error"] is None
        assert made.runs("a") == made.runs("a", "end") == 1
        overview = server.client.get("/tasks/clean/status").json()
        assert overview["done"] == 1
        assert overview["running"] == overview["accepted"] == []
        assert overview["last_success"]


def test_a_failure_is_told_by_its_kind_alone(tmp_path, store):
    made = site(tmp_path, **store)
    with made.serving() as server:
        call_id = server.post("/tasks/fail").json()["id"]
        server.ends("/tasks/fail", call_id, "failed")
        answer = server.client.get(f"/tasks/fail/{call_id}")
        assert answer.json()["error"] == "RuntimeError"
        assert "secret" not in answer.text
        overview = server.client.get("/tasks/fail/status").json()
        assert overview["failures_in_a_row"] == 1
        assert overview["breaker"] == "closed"  # this one has none
        # It is over: the same work may be called again.
        assert server.post("/tasks/fail").status_code == 202


def test_equal_work_is_refused_while_it_runs_over_all_processes(tmp_path, store):
    made = site(tmp_path, **store)
    with made.serving() as one, made.serving() as two:
        first = one.post("/tasks/clean", label="same", seconds=1.5)
        for server in (one, two):
            again = server.post("/tasks/clean", seconds=1.5, label="same")
            assert again.status_code == 409
            assert again.json()["id"] == first.json()["id"]
        assert two.post("/tasks/clean", label="other").status_code == 202
        two.ends("/tasks/clean", first.json()["id"])
        assert two.post("/tasks/clean", label="same", seconds=1.5).status_code == 202
        wait_until(lambda: made.runs("same", "end") == 2)


def test_a_full_queue_refuses_and_names_when_to_come_back(tmp_path, empty_redis):
    made = site(tmp_path, REDIS_URL=empty_redis)
    bounds = {"BACKGROUND_THREADS": "1", "BACKGROUND_QUEUE": "3"}
    with made.serving(**bounds) as server:
        answers = [
            server.post("/tasks/clean", label=str(n), seconds=0.4) for n in range(6)
        ]
        codes = [answer.status_code for answer in answers]
        assert codes == [202, 202, 202, 503, 503, 503]
        assert int(answers[-1].headers["Retry-After"]) > 0
        ids = [answer.json()["id"] for answer in answers[:3]]
        server.ends("/tasks/clean", ids[-1])
        starts = [line for line in made.notes() if line[2] in {"start", "end"}]
        assert [line[2] for line in starts] == ["start", "end"] * 3  # one thread
        assert server.post("/tasks/clean", label="late").status_code == 202


def test_nobody_without_the_token_comes_in(tmp_path, empty_redis):
    made = site(tmp_path, REDIS_URL=empty_redis)
    with made.serving() as server:
        url = f"{server.url}/tasks/clean"
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}):
            assert httpx.post(url, json={}, headers=headers).status_code == 401
            assert httpx.get(f"{url}/status", headers=headers).status_code == 401
        assert httpx.post(url, json={}, headers=BEARER).status_code == 202
        wait_until(lambda: made.runs("", "end") == 1)
    with made.serving(TASKS_TOKEN="") as server:
        empty = {"Authorization": "Bearer"}
        answer = httpx.post(f"{server.url}/tasks/clean", json={}, headers=empty)
        assert answer.status_code == 401


def test_bodies_are_checked_and_bounded(tmp_path, empty_redis):
    made = site(tmp_path, REDIS_URL=empty_redis)
    with made.serving() as server:
        assert server.post("/tasks/clean", nonsense=1).status_code == 422
        assert server.post("/tasks/clean", seconds="soon").status_code == 422
        assert server.post("/tasks/clean", label="x" * 70_000).status_code == 413
        assert server.client.get("/tasks/clean/unknown").status_code == 404
        call_id = server.post("/tasks/clean").json()["id"]
        assert server.client.get(f"/tasks/fail/{call_id}").status_code == 404


def test_arguments_arrive_as_what_the_signature_says(tmp_path, store):
    made = site(tmp_path, **store)
    order = {"address": {"street": "Green Lane"}, "colour": "red"}
    with made.serving() as server:
        call_id = server.post(
            "/tasks/everything",
            count=3,
            when="2026-11-24T12:00:00Z",
            key=str(uuid.uuid4()),
            order=order,
            points=[{"x": 1}],
            schema={"a": [1]},
            flag=True,
        ).json()["id"]
        server.ends("/tasks/everything", call_id)
        kinds = ["datetime", "UUID", "Order", "Point", "Colour", "timedelta"]
        expected = [3, [*kinds, "NoneType"], None, 50, {"a": [1]}, True, "Green Lane"]
        assert made.notes()[-1][3:] == expected
        call_id = server.post("/tasks/bound", label="self").json()["id"]
        server.ends("/tasks/bound", call_id)
        assert made.notes()[-1][2:] == ["bound", "shop.bound", "self"]


def test_ended_records_are_removed_and_counts_stay(tmp_path, store):
    made = site(tmp_path, **store)
    with made.serving(BACKGROUND_KEEP="1") as server:
        call_id = server.post("/tasks/clean").json()["id"]
        server.ends("/tasks/clean", call_id)
    time.sleep(1.2)
    with made.serving(BACKGROUND_KEEP="1") as server:
        wait_until(
            lambda: server.client.get(f"/tasks/clean/{call_id}").status_code == 404
        )
        assert server.client.get("/tasks/clean/status").json()["done"] == 1


def latencies(url, count):
    """Seconds of each of `count` requests, one after the other on one connection."""
    found = []
    with httpx.Client(base_url=url, headers=BEARER, timeout=20) as client:
        for _ in range(count):
            began = time.perf_counter()
            assert client.get("/ping").status_code == 200
            found.append(time.perf_counter() - began)
    return found


def test_busy_bodies_hold_up_no_request(tmp_path, empty_redis, record_property):
    """60 calls of 50 ms against the latency of an unrelated endpoint meanwhile."""
    made = site(tmp_path, REDIS_URL=empty_redis)
    with made.serving() as server, ThreadPoolExecutor(4) as callers:
        latencies(server.url, 50)
        alone = latencies(server.url, 200)
        answers = callers.map(
            lambda n: server.post("/tasks/clean", label=str(n), seconds=0.05),
            range(60),
        )
        loaded = latencies(server.url, 200)
        assert {answer.status_code for answer in answers} == {202}
        wait_until(lambda: len(made.notes()) == 120, 30)
    figures = {
        name: {
            "median_ms": round(statistics.median(values) * 1000, 2),
            "p95_ms": round(statistics.quantiles(values, n=20)[-1] * 1000, 2),
        }
        for name, values in (("alone", alone), ("loaded", loaded))
    }
    record_property("latency", json.dumps(figures))
    print(figures)  # noqa: T201 - shown with -s
    # A body blocks for 50 ms: an endpoint that waited for one would show it.
    assert statistics.median(loaded) < 0.05


def test_the_connection_of_a_call_is_free_at_once(tmp_path, empty_redis):
    """Starlette's own background tasks keep the connection until they are done."""
    made = site(tmp_path, REDIS_URL=empty_redis)
    with made.serving() as server:
        began = time.monotonic()
        server.post("/tasks/clean", label="slow", seconds=2)
        server.client.get("/ping")  # on the same kept-alive connection
        assert time.monotonic() - began < 1.5


def test_linter_formatter_and_type_checker_are_content(tmp_path):
    site(tmp_path, *GOOD, LONG)
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    strict = ["--strict", "--ignore-missing-imports", "--follow-imports=silent"]
    for command in (
        ["ruff", "check", *settings, "light_tasks"],
        ["ruff", "format", "--check", *settings, "light_tasks"],
        ["mypy", *strict, "--cache-dir", str(tmp_path / "cache"), "light_tasks"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            check=False,
            capture_output=True,
            cwd=tmp_path,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
