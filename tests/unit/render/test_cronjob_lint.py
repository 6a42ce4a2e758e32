"""The lint: silent on what is generated, and a bad example for every rule."""

from __future__ import annotations

import copy

import pytest

from migrator.render.cronjob_manifest import CronJob, manifest
from migrator.verify.manifest_lint import RULES, lint

JOB = CronJob(
    name="clean-up",
    entry="clean up",
    schedule="*/10 * * * *",
    zone="Europe/Berlin",
    module="light_tasks.workers.clean",
    wait_module="light_tasks.wait",
    arguments=("--entry=clean up",),
    starting_deadline=300,
    active_deadline=90,
    retries=0,
)
SPEC = ("spec",)
JOB_SPEC = (*SPEC, "jobTemplate", "spec")
POD = (*JOB_SPEC, "template", "spec")
TASK = (*POD, "containers", 0)
GONE = object()
BAD = [
    ("name", ("metadata", "name"), "Foo_Bar"),
    ("name", ("metadata", "name"), "a" * 53),
    ("name", ("metadata", "name"), "-a"),
    ("schedule", (*SPEC, "schedule"), "* * * *"),
    ("schedule", (*SPEC, "schedule"), "61 * * * *"),
    ("schedule", (*SPEC, "schedule"), "0 0 * * mon#1"),
    ("schedule", (*SPEC, "schedule"), "CRON_TZ=UTC 0 0 * * *"),
    ("time-zone", (*SPEC, "timeZone"), "Mars/Base"),
    ("time-zone", (*SPEC, "timeZone"), GONE),
    ("concurrency-policy", (*SPEC, "concurrencyPolicy"), "Forbidden"),
    ("concurrency-policy", (*SPEC, "concurrencyPolicy"), GONE),
    ("starting-deadline", (*SPEC, "startingDeadlineSeconds"), GONE),
    ("starting-deadline", (*SPEC, "startingDeadlineSeconds"), 10),
    ("starting-deadline", (*SPEC, "startingDeadlineSeconds"), 600),
    ("active-deadline", (*JOB_SPEC, "activeDeadlineSeconds"), GONE),
    ("active-deadline", (*JOB_SPEC, "activeDeadlineSeconds"), 600),
    ("backoff-limit", (*JOB_SPEC, "backoffLimit"), GONE),
    ("restart-policy", (*POD, "restartPolicy"), "OnFailure"),
    ("restart-policy", (*POD, "restartPolicy"), "Always"),
    ("history", (*SPEC, "successfulJobsHistoryLimit"), GONE),
    ("history", (*SPEC, "failedJobsHistoryLimit"), GONE),
    ("history", (*JOB_SPEC, "ttlSecondsAfterFinished"), 60),
    ("wait-for-stores", (*POD, "initContainers"), GONE),
    ("resources", (*TASK, "resources", "limits", "memory"), "128Q"),
    ("resources", (*TASK, "resources", "requests"), GONE),
    ("non-root", (*POD, "securityContext", "runAsNonRoot"), GONE),
    ("non-root", (*POD, "securityContext", "runAsUser"), 0),
    ("read-only-root", (*TASK, "securityContext", "readOnlyRootFilesystem"), False),
    ("escalation", (*TASK, "securityContext", "allowPrivilegeEscalation"), GONE),
    ("escalation", (*TASK, "securityContext", "privileged"), True),
    ("capabilities", (*TASK, "securityContext", "capabilities"), GONE),
    ("capabilities", (*TASK, "securityContext", "capabilities", "add"), ["NET_ADMIN"]),
    ("seccomp", (*POD, "securityContext", "seccompProfile", "type"), "Unconfined"),
    ("service-account-token", (*POD, "automountServiceAccountToken"), GONE),
    ("image", (*TASK, "image"), "app"),
    ("image", (*TASK, "image"), "registry:5000/app"),
    ("image", (*TASK, "image"), "app:latest"),
    ("secrets", (*TASK, "env", 0, "value"), "redis://:hunter2@cache/0"),
    ("secrets", (*TASK, "env", 0), {"name": "API_TOKEN", "value": "hunter2"}),
]


def changed(path, value):
    made = copy.deepcopy(manifest(JOB, "light-tasks"))
    place = made
    for step in path[:-1]:
        place = place[step]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def test_what_is_generated_is_clean():
    assert lint(manifest(JOB, "light-tasks")) == []
    assert lint({"kind": "Deployment"}) == []


@pytest.mark.parametrize(("rule", "path", "value"), BAD)
def test_a_bad_example_is_caught_by_its_rule(rule, path, value):
    found = {problem.partition(":")[0] for problem in lint(changed(path, value))}
    assert rule in found


def test_every_rule_has_a_bad_example():
    assert {rule.__name__.replace("_", "-") for rule in RULES} == {b[0] for b in BAD}


@pytest.mark.parametrize("value", ["app:1.2", "r:5000/a:1", "app@sha256:" + "0" * 64])
def test_a_fixed_image_is_fine(value):
    assert lint(changed((*TASK, "image"), value)) == []


@pytest.mark.parametrize("spec", [None, {}, {"jobTemplate": None}])
def test_a_manifest_with_holes_is_reported_and_breaks_nothing(spec):
    problems = lint({"kind": "CronJob", "metadata": {"name": "x"}, "spec": spec})
    assert len(problems) > 5
