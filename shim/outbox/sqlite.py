"""SQLite as the embedded outbox, through the standard library alone.

Write-ahead logging with `synchronous=NORMAL`: a committed call survives the death
of the process and of every other process, but a power cut may lose the last
commits. `?synchronous=full` in the URL closes that too, at the price of an fsync
for each call.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, OutboxUnavailableError
from ..transactions import place_of_file
from .sql_schema import SCHEMA, SQLITE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from ..transactions import Execute
    from .sql import Rows, Statement

BUSY_TIMEOUT = 30.0
OLDEST = (3, 35, 0)  # the first with RETURNING


class SqliteDatabase:
    """One file, mode 0600, shared by the threads and processes of one host."""

    now = "epoch_seconds()"
    task_matches = "task IN (SELECT value FROM json_each(:tasks))"
    id_matches = "task_id IN (SELECT value FROM json_each(:task_ids))"
    key_matches = "key IN (SELECT value FROM json_each(:keys))"
    skip_locked = ""

    def __init__(self, path: Path, *, synchronous: str = "NORMAL") -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            message = (
                f"the SQLite library of this Python is {sqlite3.sqlite_version}, the "
                "outbox needs 3.35 or newer: set SHIM_OUTBOX to a PostgreSQL URL"
            )
            raise ConfigurationError(message)
        self.path = path
        self.place = place_of_file(str(path))
        self._synchronous = synchronous
        # By process: SQLite forbids to use, or even close, a connection that was
        # carried over a fork.
        self._idle: dict[int, deque[sqlite3.Connection]] = {}

    def names(self, wanted: Collection[Any]) -> str:
        return json.dumps(list(wanted))

    def prepare(self) -> None:
        with self._faults():
            self._make_folder()
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with self._connection() as connection:
                connection.executescript(SCHEMA.format(**SQLITE))

    def _make_folder(self) -> None:
        """A folder that is made for the outbox is nothing to commit."""
        folder = self.path.parent
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / ".gitignore").write_text("*\n", encoding="ascii")

    def prepare_in(self, execute: Execute) -> None:
        # A file has one writer: what waits for the caller would wait for ever.
        for statement in filter(str.strip, SCHEMA.format(**SQLITE).split(";")):
            execute(statement, {})

    def run(self, *statements: Statement) -> tuple[Rows, int]:
        with self._faults(), self._connection() as connection:
            if len(statements) == 1:
                return _result(connection.execute(*statements[0]))
            return self._transaction(connection, statements)

    def close(self) -> None:
        idle = self._idle.get(os.getpid())
        while idle:
            idle.pop().close()

    def _transaction(
        self, connection: sqlite3.Connection, statements: tuple[Statement, ...]
    ) -> tuple[Rows, int]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                result = _result(connection.execute(*statement))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        idle = self._idle.setdefault(os.getpid(), deque())
        try:
            connection = idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        except sqlite3.Error:
            connection.close()
            raise
        else:
            idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.create_function("epoch_seconds", 0, time.time)
        with suppress(sqlite3.OperationalError):  # locked now; a later one succeeds
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        return connection

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            message = f"the outbox {self.path} refused: {error}"
            raise OutboxUnavailableError(message) from error


def _result(cursor: sqlite3.Cursor) -> tuple[Rows, int]:
    rows = cursor.fetchall() if cursor.description else []
    count = cursor.rowcount
    cursor.close()
    return rows, count
