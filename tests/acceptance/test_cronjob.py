"""Workers as real processes, started as Kubernetes starts them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
import redis

from migrator.model import Target
from tests.acceptance.cronjob_project import cluster, job_name
from tests.acceptance.scheduler_project import ROOT
from tests.servers import free_port, wait_until

NIGHTLY = "clean up; nightly"
# Own modules of the worker besides its task, and what would be too heavy.
HEAVY = ("fastapi", "starlette", "uvicorn", "apscheduler", "pydantic", "jinja2")
HEAVIER = ("migrator", "shim", "libcst", "numpy", "pandas")
MOST_MODULES = 450


@pytest.fixture(params=["redis", "sqlite"])
def store(request):
    """The environment that chooses where slots are claimed; both must behave alike."""
    if request.param == "sqlite":
        return {}
    url = request.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return {"REDIS_URL": url}


def starts(made, label="nightly"):
    return [note for note in made.notes() if note[:2] == ["start", label]]


def test_a_slot_runs_once_over_all_pods(tmp_path, store):
    made = cluster(tmp_path, **store)
    words = (f"--entry={NIGHTLY}", "--label=nightly")
    name = job_name("clean-up-nightly")
    pods = [made.start("clean", *words, job=name) for _ in range(4)]
    outputs = [pod.communicate(timeout=60)[0] for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0, 0, 0], outputs
    (run,) = starts(made)
    minutes = int(name.rpartition("-")[2])
    assert datetime.fromisoformat(run[2]) == datetime.fromtimestamp(minutes * 60, UTC)
    assert sum("nothing to do: taken" in output for output in outputs) == 3
    later = job_name("clean-up-nightly", time.time() + 60)
    assert made.run("clean", *words, job=later)[0] == 0
    assert len(starts(made)) == 2


def test_the_claim_is_shared_with_the_scheduler(tmp_path, redis_url):
    """Another replica of any kind that was first keeps the pod from running."""
    made = cluster(tmp_path, REDIS_URL=redis_url)
    name = job_name("clean-up-nightly", time.time() + 120)
    slot = int(name.rpartition("-")[2]) * 60
    claim = (
        "from datetime import UTC, datetime;"
        "from light_tasks.locks import create_lock_store;"
        f"slot = datetime.fromtimestamp({slot}, UTC);"
        f"claim = create_lock_store().claim({NIGHTLY!r}, slot, datetime.now(UTC));"
        "print(claim.is_ours)"
    )
    done = subprocess.run(
        [sys.executable, "-c", claim],
        cwd=made.folder,
        env=made.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "True"
    code, output = made.run("clean", f"--entry={NIGHTLY}", job=name)
    assert (code, starts(made, "")) == (0, [])
    assert "taken" in output


def test_the_guard_looks_at_the_scheduled_time(tmp_path):
    """02:30 in Berlin is 00:30 or 01:30 UTC; only one of the two starts is real."""
    made = cluster(tmp_path)
    (schedule,) = [s for s in made.plan.schedules if s.entry.name == "clean-wall-clock"]
    assert schedule.guard
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    for hour, runs in ((0, True), (1, False)):
        slot = summer.replace(hour=hour, minute=30).timestamp()
        name = job_name("clean-wall-clock", slot)
        words = ("--entry=clean-wall-clock", f"--label=at-{hour}")
        code, output = made.run("clean", *words, job=name)
        assert code == 0
        assert bool(starts(made, f"at-{hour}")) is runs
        assert ("not due" in output) is not runs


def test_a_start_that_is_too_late_is_dropped(tmp_path):
    made = cluster(tmp_path)
    name = job_name("clean-up-nightly", time.time() - 7300)
    code, output = made.run("clean", f"--entry={NIGHTLY}", job=name)
    assert code == 0
    assert "expired" in output
    assert made.notes() == []


def test_parameters_come_from_the_command_line(tmp_path):
    made = cluster(tmp_path)
    words = ["--provider-id=7", '--options={"deep": true}', "--note-text=--x y: z"]
    assert made.run("probe_provider", *words)[0] == 0
    assert made.notes() == [["probe", 7, {"deep": True}, "--x y: z"]]
    assert made.run("probe_provider", "--provider-id=8")[0] == 0
    assert made.notes()[-1] == ["probe", 8, {}, "-"]
    assert made.run("probe_provider")[0] == 2
    assert made.run("probe_provider", "--provider-id=x")[0] == 2
    assert made.run("probe_provider", "--provider-id=1", "--entry=unknown")[0] == 2


def test_a_failed_body_is_tried_again_by_the_next_pod_of_its_job_alone(tmp_path, store):
    """backoffLimit is 2: the first two pods fail, the third succeeds."""
    made = cluster(tmp_path, **store)
    now = datetime.now(UTC).replace(minute=0).timestamp()
    name = job_name("fails", now)
    other = {"JOB_NAME": "by-hand"}
    codes = []
    for _ in range(3):
        codes.append(made.run("fail", "--entry=fails", job=name)[0])
        # A replica that is no pod of the Job must not take the retry.
        slot = datetime.fromtimestamp(now // 60 * 60, UTC).isoformat()
        assert made.run("fail", "--entry=fails", f"--slot={slot}", **other)[0] == 0
    assert codes == [1, 1, 0]
    assert made.notes() == [["fail"]] * 3
    assert made.run("fail", "--entry=fails", job=name)[0] == 0
    assert made.notes() == [["fail"]] * 3


@pytest.mark.parametrize("task", ["clean", "asynchronous"])
def test_a_body_that_takes_too_long_is_ended(tmp_path, task):
    made = cluster(tmp_path)
    variable = {f"{task.upper()}_TIMEOUT": "1"}
    entry = {"clean": NIGHTLY, "asynchronous": "asynchronous"}[task]
    name = job_name("x", datetime.now(UTC).replace(minute=0).timestamp())
    began = time.monotonic()
    words = (f"--entry={entry}", "--seconds=30")
    code, output = made.run(task, *words, job=name, **variable)
    assert code == 124, output
    assert time.monotonic() - began < 15
    assert '"outcome": "timeout"' in output
    if task == "clean":
        assert made.notes()[-1][0] == "end"  # its `finally` ran


@pytest.mark.parametrize("task", ["clean", "asynchronous"])
def test_a_pod_that_is_told_to_stop_cleans_up(tmp_path, task):
    made = cluster(tmp_path)
    entry = {"clean": NIGHTLY, "asynchronous": "asynchronous"}[task]
    name = job_name("x", datetime.now(UTC).replace(minute=0).timestamp())
    pod = made.start(task, f"--entry={entry}", "--seconds=20", job=name)
    wait_until(made.notes)
    pod.send_signal(signal.SIGTERM)
    output, _ = pod.communicate(timeout=15)
    assert pod.returncode == 143, output
    if task == "clean":
        assert made.notes()[-1][0] == "end"
    again = made.run(task, f"--entry={entry}", job=name)
    assert again[0] == 0
    assert "taken" in again[1]  # nobody knows how far it came: it is not run again


def test_nothing_runs_while_a_store_is_down(tmp_path):
    url = f"redis://user:hidden@127.0.0.1:{free_port()}/0"
    made = cluster(tmp_path, REDIS_URL=url)
    code, output = made.run(
        "clean", f"--entry={NIGHTLY}", job=job_name("clean-up-nightly")
    )
    assert code == 75
    assert made.notes() == []
    assert "hidden" not in output


def test_an_outcome_is_seen_by_health(tmp_path):
    made = cluster(tmp_path)
    made.run("clean", f"--entry={NIGHTLY}", job=job_name("clean-up-nightly"))
    code = (
        "import json; from light_tasks import config;"
        "from light_tasks.state import JobStates;"
        "states = JobStates(config.engine(), config.NAMESPACE).read();"
        "print(json.dumps([[s.entry, s.last_outcome, s.failures] for s in states]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=made.folder,
        env=made.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == [[NIGHTLY, "success", 0]]


def test_the_init_container_waits_for_the_stores(tmp_path, redis_url):
    made = cluster(tmp_path)
    command = [sys.executable, "-m", "light_tasks.wait"]
    for url, code in ((redis_url, 0), (f"redis://127.0.0.1:{free_port()}", 75)):
        environment = made.environment | {"REDIS_URL": url, "WAIT_TIMEOUT": "1"}
        done = subprocess.run(
            command, cwd=made.folder, env=environment, check=False, timeout=30
        )
        assert done.returncode == code


def test_a_watchdog_is_pinged_and_may_be_down(tmp_path, httpserver_paths):
    made = cluster(tmp_path)
    url, paths = httpserver_paths
    assert (
        made.run(
            "clean",
            f"--entry={NIGHTLY}",
            job=job_name("clean-up-nightly"),
            CLEAN_UP_NIGHTLY_PING_URL=url,
        )[0]
        == 0
    )
    assert paths == ["/secret/start", "/secret"]
    later = job_name("clean-up-nightly", time.time() + 60)
    down = f"http://127.0.0.1:{free_port()}/secret"
    ping = {"CLEAN_UP_NIGHTLY_PING_URL": down}
    code, output = made.run("clean", f"--entry={NIGHTLY}", job=later, **ping)
    assert code == 0
    assert "secret" not in output


@pytest.fixture
def httpserver_paths():
    """A server that answers everything, and the paths it was asked for."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    paths = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments):
            """Not into the output of the test run."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret", paths
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_worker_loads_nothing_heavy(tmp_path):
    """Counted, not timed: modules that the worker loads besides its task's."""
    made = cluster(tmp_path)
    (made.folder / "shop" / "tasks.py").write_text("def clean(**_): pass\n")
    code = (
        "import json, sys; import light_tasks.workers.clean;"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=made.folder,
        env=made.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    loaded = json.loads(done.stdout)
    tops = Counter(name.partition(".")[0] for name in loaded)
    assert not set(tops) & {*HEAVY, *HEAVIER, "celery"}
    print(len(loaded), tops.most_common(5))  # noqa: T201 - shown with -s
    assert len(loaded) < MOST_MODULES


def test_linter_formatter_and_type_checker_are_content(tmp_path):
    made = cluster(tmp_path)
    assert all(s.target is Target.CRONJOB for s in made.plan.schedules)
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
