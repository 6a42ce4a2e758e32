"""The plan: what a person decided for each task and each schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from migrator.model.definitions import Literal, TaskDefinition
from migrator.model.schedules import ScheduleEntry
from migrator.model.verdicts import Target, Verdict


class Accept(StrEnum):
    YES = "yes"
    NO = "no"
    LATER = "later"


class Callers(StrEnum):
    """What `migrate finish` makes of the callers of a task."""

    DIRECT = "direct"  # f.delay(x) becomes f(x): the caller waits, and sees errors
    BACKGROUND = "background"  # add_task(f, x) in FastAPI handlers, after the answer
    JOB = "job"  # an APScheduler date job


@dataclass(frozen=True, slots=True)
class PlannedSchedule:
    """A schedule entry with where it goes, and the proof that it fires as before."""

    entry: ScheduleEntry
    target: Target  # CELERY: it stays on beat
    trigger: str = ""  # source of the APScheduler trigger expression
    cron: tuple[str, ...] = ()  # Kubernetes cron strings
    refusal: str = ""  # why it stays on beat
    compared: int = 0  # fire times compared between Celery and the conversion
    zone: str = ""  # spec.timeZone of the cron strings
    guard: str = ""  # source: which scheduled times of a CronJob are real runs
    warnings: tuple[str, ...] = ()  # differences of no consequence, existing bugs
    is_moved: bool = False  # an earlier apply took it out of beat already

    @property
    def moves_now(self) -> bool:
        """Whether the next apply takes it out of beat."""
        return self.target is not Target.CELERY and not self.is_moved


@dataclass(frozen=True, slots=True)
class PlannedTask:
    definition: TaskDefinition
    verdict: Verdict
    target: Target
    accept: Accept
    options: dict[str, Literal] = field(default_factory=dict)
    is_stale: bool = False  # the source changed since the stanza was written
    refusal: str = ""  # why it cannot move, whatever was decided
    callers: Callers | None = None  # as decided for `migrate finish`; None: not yet
    is_finished: bool = False  # a plain function again; `definition` is its record

    @property
    def moves(self) -> bool:
        return (
            self.accept is Accept.YES
            and not self.refusal
            and self.target is not Target.CELERY
            and not self.is_stale
        )

    @property
    def moves_now(self) -> bool:
        """Whether the next apply moves it: the source has it on Celery still."""
        return self.moves and not self.definition.is_light


@dataclass(frozen=True, slots=True)
class Plan:
    package: str  # import name of the generated package
    package_path: str  # its folder below the root, posix
    tasks: tuple[PlannedTask, ...] = ()
    schedules: tuple[PlannedSchedule, ...] = ()
    shim_name: str = "shim"  # import name of the shim (vendored: another)
