"""Records in two SQL tables: PostgreSQL, SQLite, MySQL. Yours to change."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from .records import Record, RecordsDownError, Status, Totals
from .tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import ColumnElement, Engine
    from sqlalchemy.engine import Connection, RowMapping

MOST = 100
ATTEMPTS = 3


@contextmanager
def _down_as_error() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The error's text holds statement and parameters; its kind says enough.
        raise RecordsDownError(f"database: {type(error).__name__}") from error


class SqlRecords:
    """A row per record; that equal work is open once is a unique column."""

    def __init__(self, engine: Engine, namespace: str) -> None:
        self._engine = engine
        metadata = MetaData()
        name = namespace.replace(".", "_")
        self._rows = Table(
            f"{name}_work",
            metadata,
            Column("id", String(64), primary_key=True),
            Column("task", String(191), nullable=False, index=True),
            Column("key", String(64), nullable=False),
            Column("open_key", String(64), unique=True),  # null once it has ended
            Column("arguments", Text, nullable=False),
            Column("status", String(16), nullable=False),
            Column("owner", String(191), nullable=False),
            Column("lapses_at", Float(53), nullable=False),
            Column("created_at", Float(53), nullable=False),
            Column("started_at", Float(53)),
            Column("ended_at", Float(53), index=True),
            Column("error", String(191)),
        )
        self._totals = Table(
            f"{name}_work_totals",
            metadata,
            Column("task", String(191), primary_key=True),
            Column("done", Integer, nullable=False),
            Column("failed", Integer, nullable=False),
            Column("lost", Integer, nullable=False),
            Column("failures_in_a_row", Integer, nullable=False),
            Column("last_success", Float(53)),
            Column("last_failure", Float(53)),
        )
        with _down_as_error():
            create_tables(metadata, engine)

    def add(self, record: Record) -> str | None:
        row = asdict(record) | {"status": record.status.value, "open_key": record.key}
        with _down_as_error():
            for _ in range(ATTEMPTS):
                try:
                    with self._engine.begin() as connection:
                        connection.execute(insert(self._rows).values(row))
                except IntegrityError:
                    holder = self._holder(record.key)
                    if holder is not None:
                        return None if holder == record.id else holder
                    # The equal one ended in this moment: once more.
                else:
                    return None
        raise RecordsDownError("database: the record could not be stored")

    def add_probe(self, record: Record, last_failure: float) -> bool:
        row = asdict(record) | {"status": record.status.value, "open_key": record.key}
        rows, totals = self._rows.c, self._totals.c
        # Changes nothing: it holds the row of the task, so that probes come in turn.
        turn = update(self._totals).where(
            totals.task == record.task, totals.last_failure == last_failure
        )
        others = select(rows.id).where(
            rows.task == record.task, rows.open_key.is_not(None)
        )
        with _down_as_error():
            try:
                with self._engine.begin() as connection:
                    turn = turn.values(last_failure=last_failure)
                    if connection.execute(turn).rowcount != 1:
                        return False
                    holder = connection.execute(others.limit(1)).scalar()
                    if holder is None:
                        connection.execute(insert(self._rows).values(row))
            except IntegrityError:
                return False  # equal work was let in before the breaker opened
        return holder is None or holder == record.id

    def _holder(self, key: str) -> str | None:
        query = select(self._rows.c.id).where(self._rows.c.open_key == key)
        with self._engine.connect() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def start(self, record: Record, was: Status, now: float) -> bool:
        values = {"status": Status.RUNNING.value, "started_at": now}
        is_unchanged = self._rows.c.status == was.value
        with _down_as_error(), self._engine.begin() as connection:
            return self._change(connection, record, values, is_unchanged)

    def end(
        self, record: Record, status: Status, error: str | None, now: float
    ) -> bool:
        values = {"error": error, "ended_at": now, "open_key": None}
        is_open = self._rows.c.open_key.is_not(None)
        with _down_as_error():
            self._create_totals(record.task)
            with self._engine.begin() as connection:
                changed = {"status": status.value, **values}
                if self._change(connection, record, changed, is_open):
                    self._count(connection, record.task, status, now)
                    return True
            known = self.get(record.id)
        return known is not None and (known.status, known.ended_at) == (status, now)

    def _change(
        self,
        connection: Connection,
        record: Record,
        values: dict[str, Any],
        condition: ColumnElement[bool],
    ) -> bool:
        rows = self._rows.c
        statement = update(self._rows).where(
            rows.id == record.id, rows.owner == record.owner, condition
        )
        return connection.execute(statement.values(values)).rowcount == 1

    def _create_totals(self, task: str) -> None:
        known = select(self._totals.c.task).where(self._totals.c.task == task)
        with self._engine.connect() as connection:
            if connection.execute(known).first() is not None:
                return
        zeros = {"done": 0, "failed": 0, "lost": 0, "failures_in_a_row": 0}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(self._totals).values(task=task, **zeros))
        except IntegrityError:
            return  # another process was faster, which is as good

    def _count(
        self, connection: Connection, task: str, status: Status, now: float
    ) -> None:
        counts = self._totals.c
        values: dict[str, Any] = {status.value: counts[status.value] + 1}
        if status is Status.DONE:
            values |= {"failures_in_a_row": 0, "last_success": now}
        else:
            values["failures_in_a_row"] = counts.failures_in_a_row + 1
            values["last_failure"] = now
        statement = update(self._totals).where(counts.task == task)
        connection.execute(statement.values(values))

    def renew(self, ids: Collection[str], owner: str, lapses_at: float) -> None:
        rows = self._rows.c
        statement = update(self._rows).where(rows.id.in_(ids), rows.owner == owner)
        with _down_as_error(), self._engine.begin() as connection:
            connection.execute(statement.values(lapses_at=lapses_at))

    def adopt(
        self, tasks: Collection[str], owner: str, before: float, lapses_at: float
    ) -> list[Record]:
        rows = self._rows.c
        lapsed = (rows.open_key.is_not(None), rows.lapses_at < before)
        query = select(self._rows).where(rows.task.in_(tasks), *lapsed).limit(MOST)
        taken = {"owner": owner, "lapses_at": lapses_at}
        with _down_as_error():
            with self._engine.connect() as connection:
                seen = connection.execute(query).mappings().all()
            found = []
            for row in seen:
                mine = update(self._rows).where(rows.id == row["id"], *lapsed)
                with self._engine.begin() as connection:
                    if connection.execute(mine.values(taken)).rowcount == 1:
                        found.append(_record(row))
        return found

    def get(self, record_id: str) -> Record | None:
        query = select(self._rows).where(self._rows.c.id == record_id)
        with _down_as_error(), self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _record(row)

    def open(self, task: str) -> list[Record]:
        rows = self._rows.c
        query = select(self._rows).where(rows.task == task, rows.open_key.is_not(None))
        query = query.order_by(rows.created_at).limit(MOST)
        with _down_as_error(), self._engine.connect() as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def totals(self, task: str) -> Totals:
        query = select(self._totals).where(self._totals.c.task == task)
        with _down_as_error(), self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return Totals()
        return Totals(**{name: row[name] for name in row if name != "task"})

    def remove_ended(self, before: float) -> int:
        rows = self._rows.c
        old = (rows.open_key.is_(None), rows.ended_at < before)
        with _down_as_error(), self._engine.begin() as connection:
            return connection.execute(delete(self._rows).where(*old)).rowcount


def _record(row: RowMapping) -> Record:
    values = {name: value for name, value in row.items() if name != "open_key"}
    return replace(Record(**values), status=Status(row["status"]))
