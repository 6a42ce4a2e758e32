"""Prometheus metrics, where prometheus_client is installed.

Labels are entry ids (the task's name for an endpoint), outcomes and reasons, all of
them few and known. The label is not called `job`: Prometheus uses that one itself.
monitoring/ holds alert rules and a dashboard for them. The file is yours to change.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

try:
    from prometheus_client import Counter, Gauge, Histogram, start_http_server
except ImportError:
    IS_ACTIVE = False
else:
    IS_ACTIVE = True
    SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
    RUNS = Counter("light_job_runs", "Ended runs", ["entry", "outcome"])
    DURATION = Histogram(
        "light_job_duration_seconds", "Time in the body", ["entry"], buckets=SECONDS
    )
    LATENESS = Histogram(
        "light_job_lateness_seconds", "Slot to start", ["entry"], buckets=SECONDS
    )
    MISSED = Counter("light_job_missed", "Slots that did not run", ["entry", "reason"])
    TAKEN = Counter("light_job_taken", "Slots that another replica had", ["entry"])
    CLAIM = Histogram("light_job_claim_seconds", "Time to claim a slot", ["entry"])
    RUNNING = Gauge("light_job_running", "Runs under way", ["entry"])
    SUCCESS = Gauge("light_job_last_success_seconds", "Unix time", ["entry"])
    FAILURE = Gauge("light_job_last_failure_seconds", "Unix time", ["entry"])
    DUE = Gauge("light_job_next_run_seconds", "Unix time", ["entry"])
    TIMEOUT = Gauge("light_job_timeout_seconds", "Limit of a run", ["entry"])
    GRACE = Gauge("light_job_grace_seconds", "A run may be so late", ["entry"])
    OPEN_UNTIL = Gauge(
        "light_breaker_open_until_seconds", "Unix time of the next try", ["entry"]
    )
    QUEUED = Gauge("light_background_queued", "Accepted calls that have not ended")
    CAPACITY = Gauge("light_background_capacity", "Most calls that are accepted")
    REFUSED = Counter(
        "light_background_refused", "Calls not accepted", ["entry", "reason"]
    )

if TYPE_CHECKING:
    from datetime import datetime


def serve() -> None:
    """Answer /metrics at METRICS_BIND, e.g. 0.0.0.0:9100, if that is set."""
    bind = os.environ.get("METRICS_BIND")
    if not bind:
        return
    if not IS_ACTIVE:
        raise RuntimeError("METRICS_BIND is set, and prometheus_client not installed")
    host, _, port = bind.rpartition(":")
    start_http_server(int(port), host)


def known(entry: str, timeout: float, grace: float | None = None) -> None:
    """Note the limits of an entry; its counters begin at 0 and not at the first run."""
    if not IS_ACTIVE:
        return
    TIMEOUT.labels(entry).set(timeout)
    if grace is not None:
        GRACE.labels(entry).set(grace)
    for outcome in ("success", "failure", "timeout", "overran"):
        RUNS.labels(entry, outcome)


def due(entry: str, moment: datetime | None) -> None:
    if IS_ACTIVE and moment is not None:
        DUE.labels(entry).set(moment.timestamp())


def started(entry: str, lateness: float) -> None:
    if IS_ACTIVE:
        LATENESS.labels(entry).observe(max(lateness, 0.0))
        RUNNING.labels(entry).inc()


def ended(entry: str, outcome: str, duration: float, *, is_success: bool) -> None:
    if not IS_ACTIVE:
        return
    RUNNING.labels(entry).dec()
    RUNS.labels(entry, outcome).inc()
    DURATION.labels(entry).observe(duration)
    (SUCCESS if is_success else FAILURE).labels(entry).set(time.time())


def missed(entry: str, reason: str, slots: int) -> None:
    if IS_ACTIVE:
        MISSED.labels(entry, reason).inc(slots)


def claimed(entry: str, duration: float, *, is_ours: bool) -> None:
    if not IS_ACTIVE:
        return
    CLAIM.labels(entry).observe(duration)
    if not is_ours:
        TAKEN.labels(entry).inc()


def paused(entry: str, until: float) -> None:
    """The circuit breaker is open until this Unix time; 0: it is closed."""
    if IS_ACTIVE:
        OPEN_UNTIL.labels(entry).set(until)


def queued(depth: int, capacity: int) -> None:
    if IS_ACTIVE:
        QUEUED.set(depth)
        CAPACITY.set(capacity)


def refused(entry: str, reason: str) -> None:
    if IS_ACTIVE:
        REFUSED.labels(entry, reason).inc()
