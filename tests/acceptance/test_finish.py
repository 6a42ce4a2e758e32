"""The last command: moved tasks become plain functions, with their callers."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.moved_project import copied, moved, own_tests
from tests.acceptance.test_journey import migrate, refused
from tests.goblin import GoblinProject

FINISHED = "health.system_health_check"


@pytest.fixture(scope="module")
def moved_goblin(tmp_path_factory, redis_url):
    names = ["goblin_assistant.tasks.health.probe_all_providers"]
    names += ["health.probe_provider", "maintenance.cleanup_expired_data"]
    project = GoblinProject(tmp_path_factory.mktemp("goblin"), redis_url)
    return moved(project, dict.fromkeys(names, "direct"))


@pytest.fixture
def goblin(moved_goblin, tmp_path):
    return copied(moved_goblin, tmp_path)


@pytest.mark.redis
def test_of_the_seed_project_what_can_be_is_finished_and_the_rest_is_named(goblin):
    passed = own_tests(goblin)
    done = migrate(goblin, "finish", "--all")
    assert done.returncode == 1, done.stderr
    assert "1 task finished" in done.stderr
    lines = [
        "its caller uses the result of the call (value) (goblin_assistant/api/",
        "a plain call has no expires=600 (goblin_assistant/api/system.py:31)",
        "purge_read_notifications\n    the project's own decorator",
    ]
    assert [line for line in lines if line not in done.stderr] == []
    health = (goblin.root / "goblin_assistant/tasks/health.py").read_text()
    assert "\n\n\ndef system_health_check() -> None:\n" in health
    assert own_tests(goblin) == passed
    verified = migrate(goblin, "verify")
    assert verified.returncode == 0, verified.stdout
    status = migrate(goblin, "status").stdout
    assert re.search(rf"finished +\w+ .*{re.escape(FINISHED)}", status)
    assert "1 finished, 5 moved, 0 to move, 9 on Celery" in status


@pytest.mark.redis
def test_the_next_plan_and_apply_keep_the_job_and_undo_takes_all_back(goblin):
    before = goblin.contents()
    assert migrate(goblin, "finish", FINISHED).returncode == 0
    written = goblin.contents()
    assert migrate(goblin, "plan").returncode == 0
    plan = (goblin.root / "migrate.toml").read_text()
    assert 'finished = "goblin_assistant.tasks.health.system_health_check"' in plan
    assert migrate(goblin, "diff").returncode == 0
    job = (goblin.root / "light_tasks/jobs/system_health_check.py").read_text()
    assert "system_health_check(*args, **kwargs)" in job
    assert "system-health-check" in (goblin.root / "light_tasks/entries.py").read_text()
    (goblin.root / "migrate.toml").write_bytes(written["migrate.toml"][0])
    assert migrate(goblin, "undo").returncode == 0
    assert goblin.contents() == before


def test_the_diff_is_what_is_written_and_looks_at_no_broker(goblin):
    before = goblin.contents()
    done = migrate(goblin, "finish", FINISHED, "--diff")
    assert done.returncode == 1
    assert goblin.contents() == before
    (goblin.logs / "finish.patch").write_text(done.stdout)
    migrate(goblin, "finish", FINISHED, "--no-broker-check")
    written = goblin.contents()
    goblin.git("checkout", "--quiet", "--", ".")
    goblin.git("apply", str(goblin.logs / "finish.patch"))
    assert goblin.contents() == written


@pytest.mark.redis
def test_calls_in_flight_hold_it_back(goblin):
    """One in the outbox, and one that the release before the migration had sent."""
    call = (
        "from goblin_assistant.celery_app import celery_app\n"
        "from goblin_assistant.tasks.health import system_health_check\n"
        "system_health_check.delay()\n"
    )
    goblin.python("-c", call)
    before = goblin.contents()
    done = migrate(goblin, "finish", FINISHED)
    refused(done, 3, f"{FINISHED}: 1 waiting in the outbox", "migrate drain")
    routed = goblin.env | {"SHIM_ROUTES": '{"*": "celery"}'}
    goblin.env, own = routed, goblin.env
    goblin.python("-c", call)
    goblin.env = own
    done = migrate(goblin, "finish", FINISHED)
    refused(done, 3, f"{FINISHED}: 1 queued, 1 waiting in the outbox")
    assert goblin.contents() == before


def test_what_is_no_moved_task_is_refused(goblin):
    refused(migrate(goblin, "finish", "no.such"), 2, "no.such", FINISHED)
    refused(migrate(goblin, "finish"), 2, "--all")
    main = goblin.root / "goblin_assistant/main.py"
    main.write_text(main.read_text() + "# mine\n")
    done = migrate(goblin, "finish", FINISHED, "--no-broker-check")
    refused(done, 3, "goblin_assistant/main.py")


def test_a_wrong_choice_in_the_plan_is_named_with_its_line(goblin):
    plan = goblin.root / "migrate.toml"
    text = plan.read_text().replace('\ncallers = "direct"', '\ncallers = "soon"', 1)
    plan.write_text(text)
    line = text.splitlines().index('callers = "soon"') + 1
    done = migrate(goblin, "finish", "--all")
    refused(done, 2, f"migrate.toml:{line}", "direct, background, job")
