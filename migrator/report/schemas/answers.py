"""The forms of JSON that are no record of `migrator.model`: answers, and kept files.

`live`, `drain` and `route` hold what `python -m shim` of the project answers.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from migrator.model import (
    Location,
    ManualStep,
    Refusal,
)

Json = dict[str, Any]
# `from` is a keyword of Python: this form has to be written as a call.
Period = TypedDict("Period", {"from": str, "to": str}, total=False)


class ProblemForm(TypedDict):
    message: str
    location: Location | None


class CheckForm(TypedDict):
    """One check of `migrate verify`; `facts` says what it compared."""

    name: str
    facts: str
    problems: list[ProblemForm]
    passed: bool


class ProofForm(Period):
    """A schedule of beat and what it becomes; without a proof where it stays.

    `from` and `to` bound the period that was compared; times are ISO 8601.
    """

    name: str
    task: str
    source: str
    zone: str
    target: str
    trigger: str
    cron: list[str]
    cron_zone: str
    guard: str  # which scheduled times of a CronJob are real runs
    refusal: str
    warnings: list[str]
    identical: NotRequired[bool]
    compared: NotRequired[int]  # runs
    is_complete: NotRequired[bool]  # every run of the period; else windows of it
    clock_changes: NotRequired[int]
    clock_changes_at: NotRequired[list[str]]
    difference: NotRequired[str | None]
    next_fires: NotRequired[list[str]]


class TimelineForm(TypedDict):
    """The runs of one schedule from `start` on, ISO 8601; `then` is the next one."""

    name: str
    task: str
    runs_on: str  # "beat", or a target
    fires: list[str]
    is_dense: bool  # there are more than are listed
    then: str | None
    unknown: str  # why the runs cannot be computed


class LiveForm(TypedDict):
    """What the outbox knows of one task. Times in seconds, moments since the epoch."""

    waiting: int
    delayed: int
    running: int
    succeeded: int
    failed: int
    retried: int
    p50: float | None
    p95: float | None
    last_success: float | None
    last_failure: float | None
    route: str | float | None  # "light", "celery", a percentage; None: the default


class DrainForm(TypedDict):
    """Messages of one task that are still on Celery's side, by place."""

    queued: int
    unacknowledged: int
    active: int
    reserved: int
    scheduled: int
    left: int


class StoredEntryForm(TypedDict):
    """An entry that was read from a store of beat; what it lacks is left out."""

    name: str
    task: str
    last_run_at: str | None  # ISO 8601, UTC
    spec: NotRequired[Json | None]
    unreadable: NotRequired[str]
    args: NotRequired[list[Any]]
    kwargs: NotRequired[Json | None]
    options: NotRequired[Json | None]
    is_enabled: bool
    origin: NotRequired[str]


# A time beyond the last bucket of a histogram is no number in JSON.
Seconds = float | Literal["inf"] | None


class EvidenceForm(TypedDict):
    """What was measured of one task: figures only, never an argument or a result."""

    task: str
    runs: int
    window: float
    p50: Seconds
    p95: Seconds
    max: Seconds
    failures: int
    retries: int
    max_parallel: int | None
    peak_rss_growth: int | None
    sources: list[str]


class RuleForm(TypedDict):
    """A rule of the classification, as `migrate explain` tells it."""

    id: str
    kind: Literal["veto", "unknown", "signal"]
    weight: int
    summary: str
    explanation: str
    guidance: str
    example: str


ANSWERS: dict[str, dict[str, object]] = {
    "applied": {
        "written": list[str],
        "manual_steps": list[ManualStep],
        "refusals": list[Refusal],
    },
    "drain": {
        "tasks": dict[str, DrainForm],
        "unreadable": int,
        "workers_silent": bool,
        "left": list[str],
    },
    "finish": {
        "applied": bool,
        "finished": list[str],
        "paths": list[str],
        "kept": list[Refusal],
        "unseen": list[Refusal],
        "manual_steps": list[ManualStep],
    },
    "live": {"tasks": dict[str, LiveForm]},
    "proofs": {"schedules": list[ProofForm]},
    "route": {"task": str, "route": str | float | None, "handed_over": int},
    "rules": {"rules": list[RuleForm]},
    "schedules": {"entries": list[StoredEntryForm]},
    "timeline": {"start": str, "schedules": list[TimelineForm]},
    "undone": {"put_back": list[str]},
    "verify": {"checks": list[CheckForm]},
}

# Files that the tool keeps in the project: their own head in place of the common one.
FILES: dict[str, dict[str, object]] = {
    "baseline": {
        "kind": Literal["baseline"],
        "schema": Literal[1],
        "files": dict[str, dict[str, int]],
    },
    "evidence": {"version": Literal[1], "evidence": list[EvidenceForm]},
    "stored-schedules": {"version": Literal[1], "entries": list[StoredEntryForm]},
}
