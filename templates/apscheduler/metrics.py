"""Prometheus metrics of the scheduler, where prometheus_client is installed.

Labels are entry ids and outcomes, both few and known. The file is yours to change.
"""

from __future__ import annotations

import time

try:
    from prometheus_client import Counter, Gauge, Histogram
except ImportError:
    IS_ACTIVE = False
else:
    IS_ACTIVE = True
    RUNS = Counter("light_job_runs", "Ended runs", ["job", "outcome"])
    DURATION = Histogram("light_job_duration_seconds", "Time in the body", ["job"])
    LATENESS = Histogram("light_job_lateness_seconds", "Slot to start", ["job"])
    MISSED = Counter("light_job_missed", "Slots that did not run", ["job", "reason"])
    TAKEN = Counter("light_job_taken", "Slots that another replica had", ["job"])
    CLAIM = Histogram("light_job_claim_seconds", "Time to claim a slot", ["job"])
    RUNNING = Gauge("light_job_running", "Runs under way", ["job"])
    SUCCESS = Gauge("light_job_last_success_seconds", "Unix time", ["job"])
    QUEUED = Gauge("light_background_queued", "Accepted calls that have not ended")


def started(job: str, lateness: float) -> None:
    if IS_ACTIVE:
        LATENESS.labels(job).observe(max(lateness, 0.0))
        RUNNING.labels(job).inc()


def ended(job: str, outcome: str, duration: float, *, is_success: bool) -> None:
    if not IS_ACTIVE:
        return
    RUNNING.labels(job).dec()
    RUNS.labels(job, outcome).inc()
    DURATION.labels(job).observe(duration)
    if is_success:
        SUCCESS.labels(job).set(time.time())


def missed(job: str, reason: str, slots: int) -> None:
    if IS_ACTIVE:
        MISSED.labels(job, reason).inc(slots)


def claimed(job: str, duration: float, *, is_ours: bool) -> None:
    if not IS_ACTIVE:
        return
    CLAIM.labels(job).observe(duration)
    if not is_ours:
        TAKEN.labels(job).inc()


def queued(depth: int) -> None:
    if IS_ACTIVE:
        QUEUED.set(depth)
