"""The generated scheduler as real processes, on a real Redis and real databases."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections import Counter
from datetime import datetime

import pytest

from tests.acceptance.scheduler_project import (
    answer,
    definition,
    ended,
    every,
    is_listening,
    literal,
    planned,
    project,
    seen,
)
from tests.servers import free_port, wait_until


def assert_each_slot_once(slots, period):
    """No slot twice, and none left out between the first and the last."""
    counts = Counter(slot.at for slot in slots)
    assert set(counts.values()) == {1}, counts
    first, last = min(counts), max(counts)
    assert len(counts) == round((last - first) / period) + 1, sorted(counts)


@pytest.mark.parametrize("claims", ["redis", "sqlite"])
def test_two_replicas_run_each_slot_once(tmp_path, redis_url, claims):
    environment = {"REDIS_URL": redis_url} if claims == "redis" else {}
    entries = [every(1, f"one-{claims}"), every(2, f"two-{claims}", 0.3)]
    with project(tmp_path, entries, **environment) as running:
        first, second = running.scheduler(), running.scheduler()
        wait_until(seen(running, f"one-{claims}", 6), 30)
        assert ended(first) == 0
        assert ended(second) == 0
        assert_each_slot_once(running.slots(f"one-{claims}"), 1)
        assert_each_slot_once(running.slots(f"two-{claims}"), 2)
        assert len(running.notes("end")) == len(running.notes("start"))
        assert len(running.notes("companion-left")) == 2


def test_health_is_answered_by_another_process(tmp_path, redis_url):
    port, metrics = free_port(), free_port()
    options = (literal("expires", 30),)
    entries = [every(1, "health-a", options=options)]
    environment = {"REDIS_URL": redis_url, "METRICS_BIND": f"127.0.0.1:{metrics}"}
    with project(tmp_path, entries, **environment) as running:
        scheduler = running.scheduler()
        running.run("-m", "uvicorn", "web:app", "--port", str(port))
        wait_until(seen(running, "health-a", 2))
        wait_until(lambda: is_listening(port), 20)
        status, body = answer(port)
        assert status == 200
        job = body["jobs"]["health-a"]
        assert job["last_outcome"] == "success"
        assert job["missed"] == 0
        assert job["breaker"] == "closed"
        assert job["lock"] == "free"
        assert job["last_success"]
        assert job["next_run"]
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics") as page:
            exported = page.read().decode()
        (due,) = re.findall(r'\nlight_job_next_run.+"health-a"\} (\S+)\n', exported)
        assert abs(float(due) - time.time()) < 5
        assert ended(scheduler) == 0


def test_a_scheduler_inside_the_web_application(tmp_path, redis_url):
    """Two web workers, so two schedulers: the claims keep the slots single."""
    port = free_port()
    entries = [every(1, "hosted")]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        web = running.run(
            "-m", "uvicorn", "hosted:app", "--port", str(port), "--workers", "2"
        )
        wait_until(seen(running, "hosted", 5), 40)
        assert answer(port)[0] == 200
        assert ended(web) == 0
        assert_each_slot_once(running.slots("hosted"), 1)
        assert len(running.notes("web-starts")) == 2


def test_sigterm_lets_the_running_job_finish(tmp_path, redis_url):
    entries = [every(1, "long", 2.0)]
    with project(tmp_path, entries, REDIS_URL=redis_url) as running:
        scheduler = running.scheduler()
        wait_until(seen(running, "long", 1))
        assert ended(scheduler, 25) == 0  # the default grace
        assert len(running.notes("end")) == len(running.notes("start"))


def test_a_job_that_hangs(tmp_path, redis_url):
    """Other priorities go on; SIGTERM waits for the grace, and names what it cuts."""
    tasks = [
        planned(definition("shop.tick", "tick"), priority="low"),
        planned(definition("shop.again", "again"), priority="high"),
    ]
    entries = [every(1, "hung", 60.0), every(1, "beside", task="shop.again")]
    grace = {"REDIS_URL": redis_url, "SHUTDOWN_GRACE": "1", "THREADS_LOW": "1"}
    with project(tmp_path, entries, tasks, **grace) as running:
        scheduler = running.scheduler()
        wait_until(seen(running, "hung", 1))
        wait_until(seen(running, "beside", len(running.slots("beside")) + 3))
        assert ended(scheduler, 60) == 1
        lines = [json.loads(line) for line in running.log(0).splitlines()]
        assert lines[-1]["message"] == "stopped with jobs still running"
        cut_short = [slot.at for slot in running.slots("hung")]
        named = [line for line in lines if "did not end" in line["message"]]
        found = [stamp(line["slot"]) for line in named if line["job"] == "hung"]
        assert sorted(found) == cut_short


def stamp(text):
    return datetime.fromisoformat(text).timestamp()
