"""Route, drain and live status against a real broker, worker and outbox."""

from __future__ import annotations

import pytest

from tests.acceptance.test_journey import fresh, migrate
from tests.documents import valid
from tests.goblin import CELERY, answering_provider
from tests.servers import redis_server, wait_until

PROBE = "health.probe_provider"
CALL = (
    "import sys\n"
    "from goblin_assistant.celery_app import celery_app\n"
    "from goblin_assistant.tasks.health import probe_provider\n"
    "for number in range(int(sys.argv[1])): probe_provider.delay(number + 100)\n"
)
ETA = CALL.replace(".delay(number + 100)", ".apply_async((number,), countdown=900)")

pytestmark = [pytest.mark.redis, pytest.mark.celery_worker]


@pytest.fixture
def project(tmp_path):
    with redis_server() as url:
        made = fresh(tmp_path)
        made.env["REDIS_URL"] = url
        made.python("-m", "goblin_assistant.create_tables")
        yield made


def apply(project):
    assert migrate(project, "plan").returncode == 0
    assert migrate(project, "apply", "--allow-dirty").returncode == 0


def drained(project):
    done = migrate(project, "drain", "--format", "json")
    assert done.returncode in {0, 1}, done.stderr
    answer = valid(done.stdout, "drain")
    return {task: answer["tasks"][task]["left"] for task in answer["left"]}


def test_drain_counts_old_messages_until_a_worker_has_run_them(project):
    """Queued, and held back by a worker until their time: exact counts."""
    project.python("-c", CALL, "3")  # published by the release before the migration
    project.python("-c", ETA, "2")
    apply(project)
    assert drained(project) == {PROBE: 5}
    assert migrate(project, "drain").returncode == 1
    with project.running(*CELERY, "worker", "-Q", "default", "-c", "1"):
        wait_until(lambda: drained(project) == {PROBE: 2}, 60)  # the ones with an ETA
    assert drained(project) == {PROBE: 2}


def test_a_route_takes_a_task_back_to_celery_and_hands_over_what_waits(project):
    """Without a deploy: the next call is in the broker, and so are the waiting ones."""
    apply(project)
    project.python("-c", CALL, "2")
    assert drained(project) == {}
    done = migrate(project, "route", PROBE, "--to", "celery", "--drain")
    assert done.returncode == 0, done.stderr
    assert "2 waiting calls handed" in done.stdout
    project.python("-c", CALL, "1")
    assert drained(project) == {PROBE: 3}
    done = migrate(project, "route", PROBE, "--remove", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert valid(done.stdout, "route")["route"] is None
    project.python("-c", CALL, "1")
    assert drained(project) == {PROBE: 3}


def test_status_live_tells_what_the_outbox_knows(project):
    """Waiting first; then run by the scheduler process, with its times."""
    apply(project)
    project.python("-c", CALL, "2")

    def live():
        done = migrate(project, "status", "--live", "--format", "json")
        assert done.returncode == 0, done.stderr
        return valid(done.stdout, "live")["tasks"][PROBE]

    assert live()["waiting"] == 2
    with answering_provider(), project.running("light_tasks.scheduler"):
        wait_until(lambda: live()["succeeded"] == 2, 60)
    known = live()
    assert known["waiting"] == 0
    assert known["p50"] is not None
    assert PROBE in migrate(project, "status", "--live").stdout


def test_an_application_that_cannot_be_reached_is_a_clear_error(project):
    done = migrate(project, "route", PROBE, "--to", "celery", "--app", "no.such:app")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "no.such" in done.stderr
