"""Alert rules and a dashboard for what the generated code exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.render.cronjob_manifest import dumped
from migrator.render.environment import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.render.cronjob_manifest import CronJob

FOLDER = "monitoring"
MARGIN = 120  # seconds after a deadline, before anybody is woken up
HEAD = (
    "Alert rules for the CronJobs, on the metrics of kube-state-metrics: a pod has\n"
    "gone before Prometheus could scrape it. Yours to change; migrate leaves a file\n"
    "alone that you have changed."
)


def for_processes() -> dict[str, bytes]:
    """For what lives in a scheduler or a web process, which Prometheus can scrape."""
    names = ("alerts.yaml", "dashboard.json")
    return {f"{FOLDER}/{name}": plain(f"{FOLDER}/{name}") for name in names}


def for_cronjobs(jobs: Sequence[CronJob]) -> dict[str, bytes]:
    rules = [rule for job in jobs for rule in (_late(job), _failing(job))]
    groups = {"groups": [{"name": "light-cronjobs", "rules": rules}]}
    return {f"{FOLDER}/cronjob-alerts.yaml": dumped(groups, HEAD)}


def _late(job: CronJob) -> dict[str, Any]:
    """The controller plans the next start; a time that has gone by was not kept."""
    start = _metric("kube_cronjob_next_schedule_time", job)
    limit = min(job.starting_deadline, 3600) + MARGIN
    return _rule(
        "LightCronJobLate",
        f"time() - {start} > {limit} {_unless_suspended(job)}",
        "critical",
        f"CronJob {job.name} is due and was not started",
    )


def _failing(job: CronJob) -> dict[str, Any]:
    """What was started has had all its time, and nothing has succeeded since."""
    started = _metric("kube_cronjob_status_last_schedule_time", job)
    success = _metric("kube_cronjob_status_last_successful_time", job)
    limit = job.active_deadline + MARGIN
    on = "on (namespace, cronjob)"
    return _rule(
        "LightCronJobFailing",
        f"time() - {started} > {limit} unless {on} ({success} >= {on} {started}) "
        f"{_unless_suspended(job)}",
        "warning",
        f"CronJob {job.name} was started and has not succeeded since",
    )


def _rule(alert: str, expr: str, severity: str, summary: str) -> dict[str, Any]:
    return {
        "alert": alert,
        "expr": expr,
        "for": "1m",
        "labels": {"severity": severity},
        "annotations": {"summary": summary},
    }


def _metric(name: str, job: CronJob) -> str:
    # The name is one that DNS allows, so nothing in it needs a backslash.
    return f'{name}{{cronjob="{job.name}"}}'


def _unless_suspended(job: CronJob) -> str:
    suspended = _metric("kube_cronjob_spec_suspend", job)
    return f"unless on (namespace, cronjob) ({suspended} == 1)"
