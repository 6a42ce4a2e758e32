"""What this application has promised to do: a record per accepted piece of work.

A record is stored before the caller gets its answer, and tells what became of the
work. It belongs to one process at a time, which renews it while it is alive; a record
that has lapsed was left behind by a process that died. The file is yours to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from . import config

if TYPE_CHECKING:
    from collections.abc import Collection


class Status(StrEnum):
    ACCEPTED = "accepted"  # stored; the body has not begun
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # its process died while the body ran; nobody knows how far


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One accepted call. Times are Unix seconds."""

    id: str
    task: str
    key: str  # equal for equal work: the task and its arguments
    arguments: str  # JSON
    status: Status
    owner: str  # the process that it belongs to
    lapses_at: float
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    error: str | None = None  # the kind of the exception, never its text


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """One task since it exists; other than the records these are not removed."""

    done: int = 0
    failed: int = 0
    lost: int = 0
    failures_in_a_row: int = 0
    last_success: float | None = None
    last_failure: float | None = None


class RecordsDownError(Exception):
    """The store cannot be reached: nothing may be accepted, and nothing may start."""


class Records(Protocol):
    """What Redis and SQL both offer. Every method may raise RecordsDownError.

    Repeating a call whose answer was lost changes nothing and answers the same.
    """

    def add(self, record: Record) -> str | None:
        """Store it; or, while a record of equal work is open, the id of that one."""

    def add_probe(self, record: Record, last_failure: float) -> bool:
        """Store it as the only open call of its task, in one step for everybody.

        False: another call is open, or one has failed after `last_failure`.
        """

    def start(self, record: Record, was: Status, now: float) -> bool:
        """From `was` to running. False: it belongs to another process by now."""

    def end(
        self, record: Record, status: Status, error: str | None, now: float
    ) -> bool:
        """Note the outcome. False: it belongs to another process by now."""

    def renew(self, ids: Collection[str], owner: str, lapses_at: float) -> None:
        """Keep those of the records that still belong to the owner."""

    def adopt(
        self, tasks: Collection[str], owner: str, before: float, lapses_at: float
    ) -> list[Record]:
        """Take over what has lapsed `before`; each lapsed record goes to one caller."""

    def get(self, record_id: str) -> Record | None:
        """The record, or None: it never existed, or its lifetime is over."""

    def open(self, task: str) -> list[Record]:
        """Accepted and running ones, oldest first, at most a hundred."""

    def totals(self, task: str) -> Totals:
        """The counts of a task."""

    def remove_ended(self, before: float) -> int:
        """Remove records that ended `before`; how many."""


def create_records(lifetime: float) -> Records:
    """In Redis where REDIS_URL is set, else in tables of DATABASE_URL.

    Ended records can be asked for during `lifetime` seconds.
    """
    if url := config.redis_url():
        from .records_redis import RedisRecords

        return RedisRecords(url, config.NAMESPACE, lifetime)
    from .records_sql import SqlRecords

    return SqlRecords(config.engine(), config.NAMESPACE)
