"""SQLite as the embedded outbox, through the standard library alone.

Write-ahead logging with `synchronous=NORMAL`: a committed call survives the death
of the process and of every other process, but a power cut may lose the last
commits. `?synchronous=full` in the URL closes that too, at the price of an fsync
for each call.

A connection keeps writing into a file that was deleted or replaced. Each use compares
the file at the path with the one the connection has open, before and after.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, OutboxUnavailableError
from ..transactions import place_of_file
from .sql_schema import SCHEMA, SQLITE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ..transactions import Execute
    from .sql import Rows, Statement

logger = logging.getLogger(__name__)

BUSY_TIMEOUT = 30.0
OLDEST = (3, 35, 0)  # the first with RETURNING

# A runner may hold claims of a file that is gone when it meets the file made in its
# place. Keys that begin at the time of creation name no row of both.
FIRST_KEY = """
INSERT INTO sqlite_sequence (name, seq)
SELECT 'light_outbox', CAST(epoch_seconds() * 1e6 AS INTEGER)
WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'light_outbox')
"""


class _Connection(sqlite3.Connection):
    """A connection that knows which file it has open, by device and inode."""

    file: tuple[int, int] | None = None


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
        self._name = str(path)
        self.place = place_of_file(str(path))
        self._synchronous = synchronous
        # By process: SQLite forbids to use, or even close, a connection that was
        # carried over a fork.
        self._idle: dict[int, deque[_Connection]] = {}
        self._prepared: tuple[int, int] | None = None

    def names(self, wanted: Collection[Any]) -> str:
        return json.dumps(list(wanted))

    def prepare(self) -> None:
        try:
            self._make_folder()
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = self._open()
            try:
                connection.executescript(SCHEMA.format(**SQLITE))
                connection.execute(FIRST_KEY)
            except sqlite3.Error:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._refusal(error) from error
        self._prepared = connection.file
        self._idle.setdefault(os.getpid(), deque()).append(connection)

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
        execute(FIRST_KEY.replace("epoch_seconds()", ":now"), {"now": time.time()})

    def run(self, *statements: Statement) -> tuple[Rows, int]:
        # Three times for each task, so it is written without context managers.
        idle = self._idle.setdefault(os.getpid(), deque())
        try:
            connection = self._usable(idle)
            try:
                if len(statements) == 1:
                    result = _result(connection.execute(*statements[0]))
                else:
                    result = self._transaction(connection, statements)
                self._check(connection)
            except BaseException:
                connection.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._refusal(error) from error
        idle.append(connection)
        return result

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
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    def _usable(self, idle: deque[_Connection]) -> _Connection:
        file = self._file()
        with suppress(IndexError):
            while True:
                connection = idle.pop()
                if connection.file == file:
                    return connection
                connection.close()
        if file != self._prepared:
            logger.error(
                "the outbox %s was deleted or replaced; what waited in it is gone, "
                "calls go to the file that is there now",
                self.path,
            )
            self.prepare()
        return self._open()

    def _open(self) -> _Connection:
        file = self._file()
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        if file is not None and file == self._file():
            connection.file = file  # else unknown, and the first use says so
        connection.create_function("epoch_seconds", 0, time.time)
        with suppress(sqlite3.OperationalError):  # locked now; a later one succeeds
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        return connection

    def _file(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._name)  # noqa: PTH116 - a third of the time
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _check(self, connection: _Connection) -> None:
        if connection.file != self._file():
            message = "the file was deleted or replaced at this moment"
            raise sqlite3.OperationalError(message)

    def _refusal(self, error: Exception) -> OutboxUnavailableError:
        return OutboxUnavailableError(f"the outbox {self.path} refused: {error}")


def _result(cursor: sqlite3.Cursor) -> tuple[Rows, int]:
    rows = cursor.fetchall() if cursor.description else []
    count = cursor.rowcount
    cursor.close()
    return rows, count
