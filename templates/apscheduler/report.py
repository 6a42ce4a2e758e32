"""The answer of /health/scheduler, without a web framework. Yours to change."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from . import config
from .locks import LockStore, StoreDownError, create_lock_store
from .state import JobState, JobStates

if TYPE_CHECKING:
    from datetime import datetime

HEALTHY, UNHEALTHY = 200, 503
FINE = ("ok", "running", "paused")


@cache
def _lock_store() -> LockStore:
    return create_lock_store()


@cache
def _states() -> JobStates:
    return JobStates(config.engine(), config.NAMESPACE)


def health() -> tuple[int, dict[str, Any]]:
    """HTTP status and body. 503: a store does not answer, or a job is too late.

    Asks the stores, so it works in any process and needs no scheduler in this one.
    """
    stores = {"states": "ok", "locks": "ok"}
    rows: tuple[JobState, ...] = ()
    held: set[str] = set()
    try:
        rows = _states().read()
    except SQLAlchemyError:
        stores["states"] = "unreachable"
    try:
        _lock_store().ping()
        held = _lock_store().held([row.entry for row in rows])
    except (StoreDownError, SQLAlchemyError):
        stores["locks"] = "unreachable"
    now = config.utcnow()
    jobs = {row.entry: describe(row, now, is_held=row.entry in held) for row in rows}
    is_up = set(stores.values()) == {"ok"}
    is_well = is_up and all(job["status"] in FINE for job in jobs.values())
    body = {"status": "ok" if is_well else "unhealthy", "stores": stores, "jobs": jobs}
    return (HEALTHY if is_well else UNHEALTHY), body


def describe(row: JobState, now: datetime, *, is_held: bool) -> dict[str, Any]:
    return {
        "status": _status(row, now),
        "last_start": _text(row.last_start),
        "last_success": _text(row.last_success),
        "last_duration": row.last_duration,
        "last_outcome": row.last_outcome,
        "last_slot": _text(row.last_slot),
        "next_run": _text(row.next_run),
        "missed": row.missed,
        "failures_in_a_row": row.failures,
        "running_on": row.runner,
        "lock": "held" if is_held else "free",
        "breaker": _breaker(row, now),
    }


def _status(row: JobState, now: datetime) -> str:
    if not row.is_enabled:
        return "paused"
    if row.is_overdue(now):
        return "overdue"
    if row.is_late(now):
        return "late"
    return "running" if row.runner else "ok"


def _breaker(row: JobState, now: datetime) -> str:
    if row.open_until is None:
        return "closed"
    return "open" if now < row.open_until else "half-open"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
