"""What surrounds the tasks, and the Inventory of the whole project."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.model.call_sites import CallSite
from migrator.model.definitions import (
    FunctionFacts,
    Literal,
    TaskDefinition,
    TaskWrapper,
)
from migrator.model.places import BlindSpot, FileOutcome, FileStatus, Location
from migrator.model.schedules import ScheduleEntry


@dataclass(frozen=True, slots=True)
class CeleryApp:
    variable: str  # qualified: module.variable
    location: Location
    main: str = ""  # first argument of Celery()
    task_class: str = ""  # source of app.Task = X, or task_cls=


@dataclass(frozen=True, slots=True)
class WebApp:
    """A FastAPI / Flask application object: where a runner can be started."""

    framework: str
    variable: str  # module.variable, module.factory.variable or module.factory()
    location: Location  # of the call, e.g. FastAPI(...)
    starts_runner: bool = False  # the shim's lifespan is in place already


@dataclass(frozen=True, slots=True)
class Setting:
    """A Celery setting in any of its spellings, normalised to the new lower case."""

    name: str
    location: Location
    source: str
    value: Literal = None
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class ProcessCommand:
    """A worker, beat or web command found outside Python."""

    kind: str  # worker | beat | flower | web
    location: Location
    command: str
    queues: tuple[str, ...] = ()
    concurrency: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SignalHandler:
    signal: str
    handler: str
    location: Location


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a scan saw."""

    root: str  # as given by the user
    files: tuple[FileOutcome, ...] = ()
    tasks: tuple[TaskDefinition, ...] = ()
    wrappers: tuple[TaskWrapper, ...] = ()
    call_sites: tuple[CallSite, ...] = ()
    schedules: tuple[ScheduleEntry, ...] = ()
    apps: tuple[CeleryApp, ...] = ()
    web_apps: tuple[WebApp, ...] = ()
    settings: tuple[Setting, ...] = ()
    processes: tuple[ProcessCommand, ...] = ()
    signals: tuple[SignalHandler, ...] = ()
    functions: tuple[
        FunctionFacts, ...
    ] = ()  # project functions that task bodies reach
    blind_spots: tuple[BlindSpot, ...] = ()
    frameworks: tuple[str, ...] = ()  # fastapi, django, flask, pyramid
    has_kubernetes: bool = False

    @property
    def failed_files(self) -> tuple[FileOutcome, ...]:
        """Those of which nothing is known."""
        return tuple(f for f in self.files if f.status is FileStatus.FAILED)
