"""`python -m shim run`: a process of its own that executes and stops cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import die_with_parent, stop, wait_until

ROOT = Path(__file__).parents[2]
PROJECT = """
import os, time
from celery import Celery
from shim import light_task

app = Celery("project", broker="memory://", backend="file://" + os.environ["RESULTS"])

@light_task(name="slow", app=app)
def slow(seconds):
    print("begun", flush=True)
    time.sleep(seconds)
    return "slept"
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project.py").write_text(PROJECT)
    (tmp_path / "results").mkdir()
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
        "RESULTS": str(tmp_path / "results"),
        "SHIM_OUTBOX": f"sqlite:///{tmp_path}/outbox.sqlite3",
    }


def call(project, seconds):
    code = f"import project; print(project.slow.delay({seconds}).id)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def state(project, task_id):
    code = f"import project; print(project.slow.AsyncResult('{task_id}').state)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@contextmanager
def runner(project, *options):
    process = subprocess.Popen(
        [sys.executable, "-m", "shim", "run", "--app", "project:app", *options],
        env=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks involved
    )
    with process:
        try:
            yield process
        finally:
            stop(process)


def test_sigterm_waits_for_the_body_and_hands_back_the_rest(project):
    first, second = call(project, 1), call(project, 0)
    with runner(project, "--concurrency", "1") as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert state(project, first) == "SUCCESS"
        assert state(project, second) == "PENDING"
    with runner(project):
        wait_until(lambda: state(project, second) == "SUCCESS", timeout=30)


def test_a_body_beyond_the_grace_is_reported_by_the_exit_code(project):
    call(project, 30)
    with runner(project, "--grace", "0.2") as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 1


def test_a_setting_that_cannot_be_used_ends_with_a_sentence(project):
    project["SHIM_OUTBOX"] = "etcd"
    done = subprocess.run(
        [sys.executable, "-m", "shim", "run", "--app", "project:app"],
        env=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "no outbox is called 'etcd'" in done.stderr
    assert "Traceback" not in done.stderr
