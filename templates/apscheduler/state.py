"""What happened to each entry, in a table that every process can read.

The scheduler writes it; /health/scheduler answers from it, in whichever process that
runs. The file is yours to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    case,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from .tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Engine
    from sqlalchemy.engine import RowMapping

    from .entry import Entry


MOMENTS = (
    "next_run",
    "last_slot",
    "last_start",
    "last_success",
    "missed_slot",
    "open_until",
)


@dataclass(frozen=True, slots=True)
class JobState:
    """One entry as the table knows it. Times are UTC, durations seconds."""

    entry: str
    is_enabled: bool
    grace: float
    timeout: float
    next_run: datetime | None
    last_slot: datetime | None
    last_start: datetime | None
    last_success: datetime | None
    last_duration: float | None
    last_outcome: str | None
    runner: str | None  # host and process of the run that is under way
    missed: int  # slots that did not run, since the entry exists
    missed_slot: datetime | None  # the last of them
    failures: int  # in a row
    open_until: datetime | None  # circuit breaker: no runs before this

    def is_late(self, now: datetime) -> bool:
        """The next run is due for longer than its grace."""
        if not self.is_enabled or self.next_run is None:
            return False
        return (now - self.next_run).total_seconds() > self.grace

    def is_overdue(self, now: datetime) -> bool:
        """The run under way takes longer than its timeout, or died without a word."""
        if self.runner is None or self.last_start is None:
            return False
        return (now - self.last_start).total_seconds() > self.timeout


class JobStates:
    """Raises SQLAlchemy's errors where the database cannot be reached."""

    def __init__(self, engine: Engine, namespace: str) -> None:
        self._engine = engine
        metadata = MetaData()
        self._table = _table(namespace.replace(".", "_"), metadata)
        create_tables(metadata, engine)

    def read(self) -> tuple[JobState, ...]:
        with self._engine.connect() as connection:
            rows = connection.execute(select(self._table)).mappings().all()
        return tuple(_state(row) for row in rows)

    def get(self, entry: str) -> JobState | None:
        query = select(self._table).where(self._table.c.entry == entry)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _state(row)

    def register(self, entry: Entry) -> None:
        """Note the entry's limits, and that it exists; keeps its history."""
        limits = {
            "is_enabled": entry.is_enabled,
            "grace": entry.grace,
            "timeout": entry.timeout,
        }
        if self._update(entry.id, limits):
            return
        row = {"entry": entry.id, "missed": 0, "failures": 0, **limits}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(self._table).values(row))
        except IntegrityError:  # another replica was faster
            self._update(entry.id, limits)

    def forget(self, entries: Iterable[str]) -> None:
        gone = self._table.c.entry.in_(list(entries))
        with self._engine.begin() as connection:
            connection.execute(delete(self._table).where(gone))

    def started(
        self,
        entry: str,
        slot: datetime,
        *,
        now: datetime,
        next_run: datetime | None,
        runner: str,
    ) -> None:
        """A run begins. Slots and next runs of slower replicas change nothing."""
        columns = self._table.c
        values = {
            "last_start": _text(now),
            "runner": runner,
            "last_slot": _later(columns.last_slot, slot),
        }
        if next_run is not None:
            values["next_run"] = _later(columns.next_run, next_run)
        self._update(entry, values)

    def succeeded(
        self, entry: str, outcome: str, *, now: datetime, duration: float
    ) -> None:
        values = {
            "last_success": _text(now),
            "last_duration": duration,
            "last_outcome": outcome,
            "runner": None,
            "failures": 0,
            "open_until": None,
        }
        self._update(entry, values)

    def failed(self, entry: str, outcome: str, *, duration: float) -> None:
        values = {
            "last_duration": duration,
            "last_outcome": outcome,
            "runner": None,
            "failures": self._table.c.failures + 1,
        }
        self._update(entry, values)

    def missed(
        self,
        entry: str,
        slot: datetime,
        outcome: str,
        *,
        slots: int = 1,
        is_certain: bool = False,
    ) -> None:
        """Count slots that did not run; of all replicas the first one counts.

        `is_certain`: the caller has claimed the slot, maybe after later ones have run.
        """
        columns, stamp = self._table.c, _text(slot)
        if is_certain:
            latest = _later(columns.missed_slot, slot)
            count = {"missed": columns.missed + slots, "missed_slot": latest}
            self._update(entry, count)
            return
        is_news = columns.missed_slot.is_(None) | (columns.missed_slot < stamp)
        has_not_run = columns.last_slot.is_(None) | (columns.last_slot < stamp)
        values = {
            "missed": columns.missed + slots,
            "missed_slot": stamp,
            "last_outcome": outcome,
        }
        self._update(entry, values, is_news, has_not_run)

    def passed(self, entry: str, next_run: datetime | None) -> None:
        """The next run, where a slot does not run; an earlier time never comes back."""
        if next_run is not None:
            later = _later(self._table.c.next_run, next_run)
            self._update(entry, {"next_run": later})

    def rescheduled(self, entry: str, next_run: datetime | None) -> None:
        """The next run after the entry itself has changed."""
        value = None if next_run is None else _text(next_run)
        self._update(entry, {"next_run": value})

    def opened(self, entry: str, until: datetime) -> None:
        """Open the circuit breaker until then."""
        self._update(entry, {"open_until": _text(until)})

    def probing(self, entry: str, seen: datetime, until: datetime) -> bool:
        """True for one caller per `seen`: it may try, the others wait until then."""
        is_unchanged = self._table.c.open_until == _text(seen)
        return self._update(entry, {"open_until": _text(until)}, is_unchanged)

    def _update(self, entry: str, values: dict[str, Any], *where: Any) -> bool:
        statement = update(self._table).where(self._table.c.entry == entry, *where)
        with self._engine.begin() as connection:
            return connection.execute(statement.values(values)).rowcount > 0


def _table(name: str, metadata: MetaData) -> Table:
    moment = String(40)
    return Table(
        f"{name}_state",
        metadata,
        Column("entry", String(191), primary_key=True),
        Column("is_enabled", Boolean, nullable=False),
        Column("grace", Float(53), nullable=False),
        Column("timeout", Float(53), nullable=False),
        Column("next_run", moment),
        Column("last_slot", moment),
        Column("last_start", moment),
        Column("last_success", moment),
        Column("last_duration", Float(53)),
        Column("last_outcome", String(40)),
        Column("runner", String(191)),
        Column("missed", Integer, nullable=False),
        Column("missed_slot", moment),
        Column("failures", Integer, nullable=False),
        Column("open_until", moment),
    )


def _later(column: ColumnElement[str], moment: datetime) -> ColumnElement[str]:
    text = _text(moment)
    return case((column > text, column), else_=text)


def _text(moment: datetime) -> str:
    # Fixed width and always UTC, so that the database can compare the text.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _state(row: RowMapping) -> JobState:
    values = dict(row)
    for name in MOMENTS:
        text = values[name]
        values[name] = None if text is None else datetime.fromisoformat(text)
    return JobState(**values)
