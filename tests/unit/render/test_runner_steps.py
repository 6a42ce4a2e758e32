"""A call of a light task is worked off somewhere, or a person is told to see to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.model import CeleryApp, Location, ProcessCommand, Target, WebApp
from migrator.render import manual_steps, render
from tests.acceptance.scheduler_project import definition, every, planned, records

TASK = definition("shop.mail", "mail")
ON_DEMAND = replace(planned(TASK), target=Target.RUNNER)
COMPOSE = Location("compose.yaml", 7)
WORKER = ProcessCommand(
    "worker", COMPOSE, "celery -A shop.web:queue worker", options=(("--app", "x"),)
)


def steps(files=None, tasks=(ON_DEMAND,), entries=(), **surroundings):
    plan, inventory = records(entries, tasks, frameworks=("flask",))
    inventory = replace(inventory, **surroundings)
    texts = {path: text.encode() for path, text in (files or {}).items()}
    found = manual_steps(plan, inventory, existing=texts.get)
    return [(str(step.location or ""), step.text) for step in found]


def test_the_runner_starts_where_the_worker_does_and_shares_its_outbox():
    runner, outbox = steps(processes=(WORKER,))
    command = "python -m companion run --app shop.tasks:app"
    assert runner == (str(COMPOSE), f"start a runner beside the worker: {command}")
    assert "SHIM_OUTBOX" in outbox[1]


def test_a_step_that_is_done_is_gone():
    done = "runner:\n  command: python -m companion run --app shop.tasks:app\n"
    (outbox,) = steps({"compose.yaml": done}, processes=(WORKER,))
    assert "SHIM_OUTBOX" in outbox[1]
    done += "  environment:\n    SHIM_OUTBOX: broker\n"
    assert steps({"compose.yaml": done}, processes=(WORKER,)) == []


def test_without_a_worker_command_the_step_has_no_place():
    assert [place for place, _ in steps()] == ["", ""]


def test_the_generated_scheduler_is_a_runner_already():
    tasks = (ON_DEMAND, planned(definition("shop.tick", "tick")))
    texts = [text for _, text in steps(tasks=tasks, entries=[every(5, "a")])]
    assert any("light_tasks.scheduler" in text for text in texts)
    assert not any("companion run" in text for text in texts)


@pytest.mark.parametrize("starts", [True, False])
def test_a_fastapi_application_works_off_its_own_calls(starts):
    place = Location("shop/web.py", 1)
    web = WebApp("fastapi", "shop.web.app", place, starts_runner=starts)
    assert steps(web_apps=(web,)) == []


def test_a_task_that_nobody_calls_needs_no_runner():
    quiet = replace(planned(TASK), target=Target.CRONJOB)
    assert steps(tasks=(quiet,)) == []


def test_an_application_that_a_factory_makes_is_taken_from_the_commands():
    local = CeleryApp("shop.web.create.celery", Location("shop/web.py", 3))
    worker = replace(WORKER, options=(("--app", "shop.web:queue"),))
    (_, text), _ = steps(apps=(local,), processes=(worker,))
    assert text.endswith("--app shop.web:queue")
    (_, text), _ = steps(apps=(local,))
    assert text.endswith("--app package.module:app")


def test_the_scheduler_imports_no_local_variable():
    local = CeleryApp("shop.web.create.celery", Location("shop/web.py", 3))
    worker = replace(WORKER, options=(("--app", "shop.web:queue"),))
    plan, inventory = records([every(5, "a")], None)
    inventory = replace(inventory, apps=(local,), processes=(worker,))
    changes = render(plan, inventory, existing=lambda _path: None)
    (text,) = (c.after.decode() for c in changes if c.path.endswith("scheduler.py"))
    assert 'CELERY_APP: str = "shop.web:queue"' in text
    assert "create" not in text.partition("IMPORTS")[2].partition("\n")[0]


@pytest.mark.parametrize(
    ("command", "has_rows"),
    [
        ("celery -A shop beat -S django", True),
        ("celery -A shop beat --scheduler=django", True),
        ("celery -A shop beat --pidfile /run/django-shop/beat.pid", False),
    ],
)
def test_only_the_scheduler_of_a_database_keeps_rows(command, has_rows):
    beat = ProcessCommand("beat", COMPOSE, command)
    tick = planned(definition("shop.tick", "tick"))
    found = steps(tasks=(tick,), entries=[every(5, "a")], processes=(beat,))
    assert any("PeriodicTask" in text for _, text in found) is has_rows
