"""What the classification says of a task, and the run times that confirm it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.places import Location


class Level(StrEnum):
    LIGHT = "light"
    REVIEW = "review"
    HEAVY = "heavy"


class Target(StrEnum):
    APSCHEDULER = "apscheduler"  # a periodic job of the scheduler process
    BACKGROUND = "background"  # a FastAPI BackgroundTasks endpoint
    CRONJOB = "cronjob"  # a Kubernetes CronJob
    RUNNER = "runner"  # on demand: the shim's runner, no schedule of its own
    CELERY = "celery"  # stays


@dataclass(frozen=True, slots=True)
class Finding:
    """What one criterion saw. `rule` is its kebab-case id, equal to its file name."""

    rule: str
    message: str
    location: Location
    weight: int = 0
    is_veto: bool = False
    is_unknown: bool = False  # keeps the task from being called light


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of one task. Times in seconds, sizes in bytes.

    Figures only: no argument, no result, no task id. None: it was not measured.
    """

    task: str
    runs: int  # finished runs, successful or failed
    window: float = 0.0  # seconds between the first and the last observation
    p50: float | None = None
    p95: float | None = None
    max: float | None = None
    failures: int = 0
    retries: int = 0
    max_parallel: int | None = None
    peak_rss_growth: int | None = None
    sources: tuple[str, ...] = ()  # names of the files or brokers it came from


@dataclass(frozen=True, slots=True)
class Verdict:
    task: str
    level: Level
    score: int
    findings: tuple[Finding, ...] = ()  # strongest first
    is_confirmed: bool = False  # measured run times support it
    overridden_by: str = ""  # "comment path:line" or "configuration"
    target: Target = Target.CELERY
    target_reason: str = ""
    runner_up: Target | None = None
    runner_up_reason: str = ""  # why it lost

    @property
    def vetoes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_veto)
