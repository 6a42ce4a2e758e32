"""Schedules and last runs that live in a store and not in the code.

Read only: beat, django-celery-beat and RedBeat may go on meanwhile. Nothing that the
store holds is executed, pickles included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from migrator.model import ScheduleEntry


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


def with_last_runs(
    entries: Iterable[ScheduleEntry], stored: Iterable[StoredEntry]
) -> tuple[ScheduleEntry, ...]:
    """The entries of the code, going on where beat's store says they have been.

    Matched by entry name. An interval keeps its phase, and an entry that is overdue at
    the change-over runs once, as it would have with beat.
    """
    known = {entry.name: entry.last_run_at for entry in stored}
    return tuple(_with_last_run(entry, known) for entry in entries)


def _with_last_run(
    entry: ScheduleEntry, known: Mapping[str, datetime | None]
) -> ScheduleEntry:
    last = known.get(entry.name)
    if last is None or entry.spec is None:
        return entry
    return replace(entry, spec={**entry.spec, "last_run_at": last.isoformat()})
