"""Entries that go with their task, and entries that stay on beat, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.model import Option, Target
from migrator.schedules import plan_schedules
from tests.acceptance.scheduler_project import entry, literal

EVERY_TEN_MINUTES = {"kind": "crontab", "minute": "*/10"}


def plan_one(**changes):
    given = replace(entry("cleanup", EVERY_TEN_MINUTES, task="app.cleanup"), **changes)
    (planned,) = plan_schedules([given], {"app.cleanup": Target.APSCHEDULER})
    return planned


def test_an_entry_goes_with_its_task_and_its_proof():
    planned = plan_one()
    assert planned.target is Target.APSCHEDULER
    assert planned.trigger.startswith("CronTrigger(")
    assert planned.compared > 1000
    assert not planned.refusal


@pytest.mark.parametrize("target", [Target.CELERY, Target.BACKGROUND, Target.RUNNER])
def test_an_entry_stays_with_a_task_that_does_not_move_to_the_scheduler(target):
    given = entry("cleanup", EVERY_TEN_MINUTES, task="app.cleanup")
    (planned,) = plan_schedules([given], {"app.cleanup": target})
    assert planned.target is Target.CELERY
    assert "app.cleanup" in planned.refusal


def test_an_unknown_task_stays():
    given = entry("cleanup", EVERY_TEN_MINUTES, task="other")
    (planned,) = plan_schedules([given], {})
    assert planned.target is Target.CELERY
    assert planned.refusal


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"guard": "settings.DEBUG"}, "settings.DEBUG"),
        ({"spec": None, "unreadable": "computed from env"}, "computed from env"),
        ({"args": Option("args", "(settings.X,)")}, "settings.X"),
        ({"kwargs": Option("kwargs", "make()")}, "make()"),
        ({"options": (literal("countdown", 5),)}, "countdown"),
        ({"options": (Option("expires", "timedelta(hours=1)"),)}, "expires"),
        ({"options": (literal("expires", True),)}, "expires"),
    ],
    ids=str,
)
def test_what_cannot_be_carried_stays_on_beat(changes, reason):
    """An argument or option that is lost changes what runs: refuse instead."""
    planned = plan_one(**changes)
    assert planned.target is Target.CELERY
    assert reason in planned.refusal


def test_routing_and_expiry_are_no_obstacle():
    options = (literal("queue", "light"), literal("priority", 5), literal("expires", 9))
    assert plan_one(options=options).target is Target.APSCHEDULER


def test_entries_of_one_name_stay_together():
    """Beat runs the last one only; without it the other one would come to life."""
    first = entry("cleanup", EVERY_TEN_MINUTES, task="app.cleanup")
    second = replace(first, location=replace(first.location, line=99))
    planned = plan_schedules([first, second], {"app.cleanup": Target.APSCHEDULER})
    assert [one.target for one in planned] == [Target.CELERY, Target.CELERY]
    assert ":99" in planned[0].refusal


def test_a_condition_that_can_be_asked_elsewhere_goes_along_but_not_to_a_cronjob():
    given = replace(
        entry("cleanup", EVERY_TEN_MINUTES, task="app.cleanup"),
        guard="DEBUG",
        guard_imports=("from app.settings import DEBUG",),
    )
    (planned,) = plan_schedules([given], {"app.cleanup": Target.APSCHEDULER})
    assert planned.target is Target.APSCHEDULER
    (stays,) = plan_schedules([given], {"app.cleanup": Target.CRONJOB})
    assert stays.target is Target.CELERY
    assert "DEBUG" in stays.refusal
