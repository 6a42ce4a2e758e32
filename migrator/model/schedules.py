"""Entries of beat's schedule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.definitions import Literal, Option
from migrator.model.places import Location


class ScheduleKind(StrEnum):
    CRONTAB = "crontab"
    INTERVAL = "interval"
    SOLAR = "solar"
    UNKNOWN = "unknown"


class ContainerKind(StrEnum):
    """How the entry stands in the source, which decides how it can be taken out."""

    DICT_LITERAL = "dict-literal"
    ITEM_ASSIGNMENT = "item-assignment"
    UPDATE_CALL = "update-call"
    LIST_OF_DICTS = "list-of-dicts"
    ADD_PERIODIC_TASK = "add-periodic-task"
    STORE = "store"  # no line of the code: a row or key of a scheduler's own store
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """A beat entry as written.

    `spec` is the plain form that `migrator.schedules.convert` takes, or None where
    the schedule could not be read statically (`unreadable` says why).
    """

    name: str
    task: str  # the task's name as written or resolved
    kind: ScheduleKind
    location: Location  # of the entry: its key, or the call
    end_line: int
    container: ContainerKind
    source: str  # the schedule expression
    spec: dict[str, Literal] | None = None
    unreadable: str = ""
    args: Option | None = None
    kwargs: Option | None = None
    options: tuple[Option, ...] = ()
    guard: str = ""  # source of the conditions around it, or what they are in words
    # Import lines with which the guard can be asked elsewhere; None: it cannot.
    guard_imports: tuple[str, ...] | None = None
    app: str = ""  # source of the app or setting it belongs to
    timezone: str = "UTC"  # zone that beat uses, with its source in timezone_reason
    timezone_reason: str = ""
    enabled: bool = True
