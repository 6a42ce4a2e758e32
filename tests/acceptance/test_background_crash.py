"""Generated endpoints whose process or store dies while they are busy."""

from __future__ import annotations

import signal

from tests.acceptance.background_project import site
from tests.servers import free_port, redis_server, wait_until

SHORT_LEASE = {"BACKGROUND_LEASE": "1"}


def test_killed_while_busy_nothing_is_lost_and_nothing_runs_twice(tmp_path, store):
    """What had not begun runs after the restart; what had begun is told as lost."""
    made = site(tmp_path, **store)
    busy = {**SHORT_LEASE, "BACKGROUND_THREADS": "2"}
    with made.serving(**busy) as server:
        ids = {
            label: server.post("/tasks/clean", label=label, seconds=3).json()["id"]
            for label in "abcd"
        }
        late = server.post("/tasks/again", label="late", seconds=0.1).json()["id"]
        wait_until(lambda: made.runs("a") + made.runs("b") == 2)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with made.serving(**busy) as server:
        # Equal work is still promised, so it is still refused.
        assert server.post("/tasks/clean", label="c", seconds=3).status_code == 409
        for label, status in zip("abcd", ["lost", "lost", "done", "done"], strict=True):
            wait_until(
                lambda: server.status("/tasks/clean", ids[label]) == status,  # noqa: B023
                30,
            )
        server.ends("/tasks/again", late)
    assert [made.runs(label) for label in "abcd"] == [1, 1, 1, 1]
    assert [made.runs(label, "end") for label in "abcd"] == [0, 0, 1, 1]


def test_work_that_may_run_again_does_so_after_a_crash(tmp_path, store):
    """The task acknowledges late: with Celery, too, it would be delivered again."""
    made = site(tmp_path, **store)
    with made.serving(**SHORT_LEASE) as other, made.serving(**SHORT_LEASE) as server:
        call_id = server.post("/tasks/again", label="twice", seconds=1).json()["id"]
        wait_until(lambda: made.runs("twice") == 1)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        wait_until(lambda: other.status("/tasks/again", call_id) == "done", 30)
    assert made.runs("twice") == 2
    assert made.runs("twice", "end") == 1


def test_a_long_body_is_not_taken_for_dead(tmp_path, store):
    """Two processes; the one at work renews what it has while its body runs."""
    made = site(tmp_path, **store)
    lease = {"BACKGROUND_LEASE": "0.5"}
    with made.serving(**lease) as one, made.serving(**lease) as other:
        call_id = one.post("/tasks/clean", label="long", seconds=7).json()["id"]
        other.ends("/tasks/clean", call_id)
    assert made.runs("long") == made.runs("long", "end") == 1


def test_a_deployment_waits_for_what_runs(tmp_path, store):
    made = site(tmp_path, **store)
    with made.serving() as server:
        server.post("/tasks/clean", label="kept", seconds=1.5)
        wait_until(lambda: made.runs("kept") == 1)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(15)
    assert made.runs("kept", "end") == 1
    with made.serving() as server:
        assert server.client.get("/tasks/clean/status").json()["done"] == 1


def test_nothing_is_accepted_without_a_store(tmp_path):
    port = free_port()
    made = site(tmp_path, REDIS_URL=f"redis://127.0.0.1:{port}/0")
    with made.serving(**SHORT_LEASE) as server:
        with redis_server(port):
            assert server.post("/tasks/clean", label="up").status_code == 202
            wait_until(lambda: made.runs("up", "end") == 1)
        answer = server.post("/tasks/clean", label="down")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert str(port) not in answer.text
        assert server.client.get("/ping").status_code == 200
        with redis_server(port):
            wait_until(
                lambda: server.post("/tasks/clean", label="again").status_code == 202
            )
            wait_until(lambda: made.runs("again", "end") == 1)
    assert made.runs("down") == 0
