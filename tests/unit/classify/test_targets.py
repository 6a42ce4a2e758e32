"""Where a light task goes, and what came second."""

from __future__ import annotations

import pytest

from migrator.classify import classify
from migrator.model import Level, Parameter, Target
from tests.unit.classify.inventories import (
    crontab,
    delay,
    every,
    light_task,
    option,
    project,
)


def choice(**given):
    return classify(project(light_task(), **given))[0]


def test_periodic_goes_to_apscheduler():
    found = choice(schedules=(every(600),))
    assert (found.target, found.runner_up) == (Target.APSCHEDULER, Target.CRONJOB)
    assert "no Kubernetes" in found.runner_up_reason


def test_with_kubernetes_a_relaxed_schedule_becomes_a_cronjob():
    found = choice(schedules=(every(300),), has_kubernetes=True)
    assert (found.target, found.runner_up) == (Target.CRONJOB, Target.APSCHEDULER)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (every(30), "too often"),
        (every(240), "too often"),
        (crontab(minute="*/2"), "too often"),
        (every(420), "divide"),
        (crontab(minute=0, hour=3, day_of_month=1, day_of_week="mon"), "OR"),
    ],
)
def test_what_a_cronjob_cannot_say_stays_with_apscheduler(entry, reason):
    found = choice(schedules=(entry,), has_kubernetes=True)
    assert found.target is Target.APSCHEDULER
    assert reason in found.runner_up_reason


@pytest.mark.parametrize(
    "entry",
    [
        crontab(minute="*/5"),
        crontab(minute="0,30"),
        crontab(minute=0, hour="*/6"),
        crontab(minute=15, hour=2, day_of_week="sun"),
        every(86400),
    ],
)
def test_what_a_cronjob_can_say_becomes_one(entry):
    assert choice(schedules=(entry,), has_kubernetes=True).target is Target.CRONJOB


def test_on_demand_goes_to_the_runner():
    found = choice(call_sites=(delay(),))
    assert found.target is Target.RUNNER
    assert "1 call sites" in found.target_reason


def test_called_from_fastapi_gets_an_endpoint_beside_its_callers():
    found = choice(call_sites=(delay(handler="fastapi"),))
    assert (found.target, found.runner_up) == (Target.BACKGROUND, Target.RUNNER)
    assert "shop/views.py:20" in found.target_reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"options": (option("autoretry_for", "(OSError,)"),)}, "retries by itself"),
        ({"parameters": (Parameter("ids", "var-positional"),)}, "no fixed shape"),
        ({"parameters": (Parameter("row", "positional", "Row"),)}, "is a Row"),
    ],
)
def test_what_cannot_be_called_over_http_keeps_the_runner(given, reason):
    call = delay(handler="fastapi")
    verdict = classify(project(light_task(**given), call_sites=(call,)))[0]
    if verdict.level is Level.LIGHT:
        assert (verdict.target, verdict.runner_up) == (Target.RUNNER, Target.BACKGROUND)
        assert reason in verdict.runner_up_reason
    else:
        assert verdict.runner_up is Target.RUNNER


def test_a_disabled_schedule_does_not_count():
    import dataclasses

    entry = dataclasses.replace(every(600), enabled=False)
    assert choice(schedules=(entry,)).target is Target.RUNNER


def test_heavy_work_stays_and_review_names_its_place():
    vetoed = light_task(options=(option("rate_limit", "1/s"),))
    heavy = classify(project(vetoed))[0]
    assert (heavy.target, heavy.runner_up) == (Target.CELERY, None)
    unsure = light_task(name_is_certain=False)
    review = classify(project(unsure, schedules=(every(600),)))[0]
    assert (review.target, review.runner_up) == (Target.CELERY, Target.APSCHEDULER)


def test_a_delayed_call_is_a_reason_against_background_tasks():
    late = delay(handler="fastapi", options=(option("countdown", 600),))
    assert "restart" in choice(call_sites=(late,)).runner_up_reason
