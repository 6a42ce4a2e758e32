"""Schedules and last runs that live in a store and not in the code.

Read only: beat, django-celery-beat and RedBeat may go on meanwhile. Nothing that the
store holds is executed, pickles included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from migrator.model import (
    ContainerKind,
    Location,
    Option,
    ScheduleEntry,
    ScheduleKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

CLEANUP = "celery.backend_cleanup"
BEAT = "beat"  # the origin of last runs alone: the schedules stand in the code
APPLICATION = "application"  # an origin: what it holds stands, computed, in the code


class StoreReadError(Exception):
    """The store cannot be read; the message says why, without its password."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as the store knows it. `spec` is what `convert` takes."""

    name: str
    task: str
    last_run_at: datetime | None  # UTC
    spec: dict[str, Any] | None = None
    unreadable: str = ""  # why there is no spec
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    is_enabled: bool = True
    origin: str = ""  # "beat", "django-celery-beat", "redbeat" or "application"


def with_stored(
    entries: Iterable[ScheduleEntry], stored: Iterable[StoredEntry], where: str
) -> tuple[ScheduleEntry, ...]:
    """The entries of the code with what the stores know of them, then the stores' own.

    Matched by entry name. An interval keeps its phase, and an entry that is overdue at
    the change-over runs once, as it would have with beat. A schedule that the code
    computes takes the value that the application had when it was imported. `where` is
    the file in which the stored entries lie.
    """
    known: dict[str, list[StoredEntry]] = {}
    for entry in stored:
        known.setdefault(entry.name, []).append(entry)
    found = [_with(entry, known.get(entry.name, [])) for entry in entries]
    written = {entry.name for entry in found}
    alone = (rows[-1] for name, rows in known.items() if name not in written)
    return (*found, *(_outside(row, where) for row in alone if _is_listed(row)))


def _is_listed(row: StoredEntry) -> bool:
    """Beat's file has no entries of its own, and its clean-up ends with beat."""
    return row.is_enabled and row.origin != BEAT and row.task != CLEANUP


def _with(entry: ScheduleEntry, stored: list[StoredEntry]) -> ScheduleEntry:
    for found in stored:
        if found.origin == APPLICATION and entry.spec is None and found.spec:
            entry = replace(_evaluated(entry, found), unreadable="")
    runs = [found.last_run_at for found in stored if found.last_run_at is not None]
    if not runs or entry.spec is None:
        return entry
    return replace(entry, spec={**entry.spec, "last_run_at": max(runs).isoformat()})


def _evaluated(entry: ScheduleEntry, found: StoredEntry) -> ScheduleEntry:
    spec = dict(found.spec or {})
    options = (_literal(name, value) for name, value in (found.options or {}).items())
    return replace(
        entry,
        kind=ScheduleKind(spec["kind"]),
        spec=spec,
        args=_literal("args", found.args) if found.args else None,
        kwargs=_literal("kwargs", found.kwargs) if found.kwargs else None,
        options=tuple(options),
        timezone=str(spec["timezone"]),
    )


def _outside(found: StoredEntry, where: str) -> ScheduleEntry:
    """An entry that no line of the code holds: it is listed, and stays where it is."""
    spec = found.spec
    kind = ScheduleKind(spec["kind"]) if spec else ScheduleKind.UNKNOWN
    options = (_literal(name, value) for name, value in (found.options or {}).items())
    return ScheduleEntry(
        name=found.name,
        task=found.task,
        kind=kind,
        location=Location(where, 1),
        end_line=1,
        container=ContainerKind.STORE,
        source=found.origin,
        spec=spec,
        unreadable=found.unreadable,
        args=_literal("args", found.args) if found.args else None,
        kwargs=_literal("kwargs", found.kwargs) if found.kwargs else None,
        options=tuple(options),
        timezone=str((spec or {}).get("timezone", "UTC")),
    )


def _literal(name: str, value: Any) -> Option:
    return Option(name, repr(value), value, is_literal=True)
