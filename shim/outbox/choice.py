"""From `SHIM_OUTBOX`, `DATABASE_URL` or `configure(outbox=...)` to a store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from celery import Celery

    from . import Outbox

DEFAULT_FILE = Path(".light_tasks") / "outbox.sqlite3"
WAY_OUT = (
    "set SHIM_OUTBOX, or configure(outbox=...), to a sqlite:/// or postgresql:// "
    "URL, to 'broker', or to 'memory' for tasks that may be lost"
)


def open_outbox(choice: str | None, app: Celery | None = None) -> Outbox:
    """The store named by `choice`: memory, sql, broker, or a database URL.

    `broker` is the broker of `app`, by default of the current app. None means `sql`,
    which is the database of DATABASE_URL, else a SQLite file
    `.light_tasks/outbox.sqlite3` in the working directory. Connects to nothing.
    """
    if choice == "memory":
        from .memory import MemoryOutbox

        return MemoryOutbox()
    if choice == "broker":
        return _broker(app)
    if choice in {None, "", "sql"}:
        url = os.environ.get("DATABASE_URL")
        return _database(url, "DATABASE_URL") if url else _default_file()
    if choice and "://" in choice:
        return _database(choice, "SHIM_OUTBOX")
    message = f"no outbox is called {choice!r}: {WAY_OUT}"
    raise ConfigurationError(message)


def _broker(app: Celery | None) -> Outbox:
    from celery import current_app

    app = app or current_app._get_current_object()  # noqa: SLF001
    transport = app.connection_for_write().transport.driver_type
    if transport == "redis":
        from .redis_queue import RedisOutbox

        return RedisOutbox(app)
    if transport == "amqp":
        from .amqp_queue import AmqpOutbox

        return AmqpOutbox(app)
    message = f"the broker is {transport}, and the outbox 'broker' is Redis or RabbitMQ"
    raise ConfigurationError(f"{message}: {WAY_OUT}")


def _database(url: str, source: str) -> Outbox:
    scheme = urlsplit(url).scheme
    dialect = scheme.partition("+")[0]
    if dialect == "sqlite":
        return _sqlite(url, source)
    if dialect in {"postgresql", "postgres", "postgresql2", "psql"}:
        return _postgres(url, source)
    message = f"{source} names a {dialect} database, which the outbox cannot use"
    raise ConfigurationError(f"{message}: {WAY_OUT}")


def _sqlite(url: str, source: str) -> Outbox:
    from .sql import SqlOutbox
    from .sqlite import SqliteDatabase

    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if not path or path.startswith(":memory:"):
        message = f"{source} names a SQLite database in memory, which holds nothing"
        raise ConfigurationError(f"{message}: {WAY_OUT}")
    synchronous = parse_qs(parts.query).get("synchronous", ["normal"])[0].upper()
    if synchronous not in {"NORMAL", "FULL", "EXTRA"}:
        message = f"{source}: synchronous={synchronous} is not normal, full or extra"
        raise ConfigurationError(message)
    return SqlOutbox(SqliteDatabase(Path(path), synchronous=synchronous))


def _postgres(url: str, source: str) -> Outbox:
    from sqlalchemy import make_url

    from .postgres import PostgresDatabase, synchronous_url
    from .sql import SqlOutbox

    usable = synchronous_url(make_url(url.replace("postgres://", "postgresql://", 1)))
    if usable is None:
        message = f"{source} names PostgreSQL, but neither psycopg nor psycopg2 is here"
        raise ConfigurationError(f"{message}: pip install 'psycopg[binary]'")
    return SqlOutbox(PostgresDatabase(usable))


def _default_file() -> Outbox:
    from .sql import SqlOutbox
    from .sqlite import SqliteDatabase

    return SqlOutbox(SqliteDatabase(DEFAULT_FILE.absolute()))
