"""PostgreSQL as the outbox of several hosts, through SQLAlchemy."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import OutboxUnavailableError
from ..transactions import place_of_url
from .sql_schema import POSTGRES, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import URL, Connection, Engine, TextClause

    from ..transactions import Execute
    from .sql import Rows, Statement

# Two processes that create the same table at once make PostgreSQL raise even with
# IF NOT EXISTS. This number names our lock and means nothing.
CREATION_LOCK = 7_265_143_201
# A network that swallows everything must end in an error, and the driver's default
# is to wait for ever. libpq's names; what the URL says comes first.
PATIENCE = {
    "connect_timeout": 10,  # seconds
    "tcp_user_timeout": 30_000,  # milliseconds
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class PostgresDatabase:
    """One table in a PostgreSQL database; leases follow the database's clock."""

    now = "extract(epoch from clock_timestamp())::double precision"
    task_matches = "task = ANY(:tasks)"
    id_matches = "task_id = ANY(:task_ids)"
    key_matches = "key = ANY(:keys)"
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, url: URL) -> None:
        self.url = url
        self.place = place_of_url(url)
        # By process: a child of a fork must not touch its parent's sockets.
        self._engines: dict[int, Engine] = {}

    def names(self, wanted: Collection[Any]) -> list[Any]:
        return list(wanted)

    def prepare(self) -> None:
        with self._transaction() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CREATION_LOCK})")
            for statement in filter(str.strip, SCHEMA.format(**POSTGRES).split(";")):
                connection.exec_driver_sql(statement)

    def prepare_in(self, _execute: Execute) -> None:
        self.prepare()

    def run(self, *statements: Statement) -> tuple[Rows, int]:
        with self._transaction() as connection:
            for text, parameters in statements:
                result = connection.execute(_clause(text), dict(parameters))
            rows = [tuple(row) for row in result] if result.returns_rows else []
            return rows, result.rowcount

    def close(self) -> None:
        if engine := self._engines.get(os.getpid()):
            engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._current_engine().begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            where = self.url.render_as_string(hide_password=True)
            message = f"the outbox {where} refused: {error}"
            raise OutboxUnavailableError(message) from error

    def _current_engine(self) -> Engine:
        from sqlalchemy import create_engine

        engine = self._engines.get(os.getpid())
        if engine is None:
            fresh = create_engine(
                self.url,
                pool_pre_ping=True,
                hide_parameters=True,  # arguments of tasks belong in no log
                connect_args={k: PATIENCE[k] for k in PATIENCE.keys() - self.url.query},
            )
            engine = self._engines.setdefault(os.getpid(), fresh)
        return engine


@lru_cache(maxsize=64)
def _clause(text: str) -> TextClause:
    from sqlalchemy import text as clause

    return clause(text)


def synchronous_url(url: Any) -> Any:
    """The URL with a driver that is installed and does not need an event loop."""
    import importlib.util

    for driver in ("psycopg", "psycopg2"):
        if importlib.util.find_spec(driver):
            return url.set(drivername=f"postgresql+{driver}")
    return None
