"""The four records that the stages hand on: Inventory, Verdict, Plan, ChangeSet.

Frozen, slotted, picklable, and serialisable by `dataclasses.asdict`. No logic:
a derived value appears here only as a property over its own fields.
"""

from __future__ import annotations

from migrator.model.call_sites import CallKind, CallSite
from migrator.model.changes import ChangeSet, FileChange, ManualStep, Refusal
from migrator.model.definitions import (
    Assignment,
    Call,
    DefinitionKind,
    FunctionFacts,
    Handler,
    Literal,
    Loop,
    Marker,
    Option,
    Parameter,
    TaskDefinition,
    TaskWrapper,
)
from migrator.model.inventory import (
    CeleryApp,
    Inventory,
    ProcessCommand,
    Setting,
    SignalHandler,
    WebApp,
)
from migrator.model.places import BlindSpot, FileOutcome, FileStatus, Location
from migrator.model.plans import Accept, Callers, Plan, PlannedSchedule, PlannedTask
from migrator.model.schedules import ContainerKind, ScheduleEntry, ScheduleKind
from migrator.model.verdicts import Evidence, Finding, Level, Target, Verdict

__all__ = [
    "Accept",
    "Assignment",
    "BlindSpot",
    "Call",
    "CallKind",
    "CallSite",
    "Callers",
    "CeleryApp",
    "ChangeSet",
    "ContainerKind",
    "DefinitionKind",
    "Evidence",
    "FileChange",
    "FileOutcome",
    "FileStatus",
    "Finding",
    "FunctionFacts",
    "Handler",
    "Inventory",
    "Level",
    "Literal",
    "Location",
    "Loop",
    "ManualStep",
    "Marker",
    "Option",
    "Parameter",
    "Plan",
    "PlannedSchedule",
    "PlannedTask",
    "ProcessCommand",
    "Refusal",
    "ScheduleEntry",
    "ScheduleKind",
    "Setting",
    "SignalHandler",
    "Target",
    "TaskDefinition",
    "TaskWrapper",
    "Verdict",
    "WebApp",
]
