"""Calls that are part of the caller's own database transaction.

Needs an outbox in the same database. The call is a row that the caller's connection
writes: after a rollback it never was, after a commit it cannot be lost.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Execute = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]

_execute: ContextVar[Execute | None] = ContextVar("light_tasks_execute", default=None)


@contextmanager
def enqueue_in(transaction: Any) -> Iterator[None]:
    """While the block lasts, calls of light tasks are stored in this transaction.

    `transaction` is a SQLAlchemy Session or Connection, or a Django database
    connection. Nothing runs before it commits; a runner sees the call within a
    second after that. Raises ConfigurationError when the outbox is not in the
    transaction's database.
    """
    from .outbox.sql import SqlOutbox
    from .settings import current_outbox

    outbox = current_outbox()
    place, execute = _open(transaction)
    if not isinstance(outbox, SqlOutbox) or place != outbox.place:
        message = (
            f"the transaction is in {place}, but the outbox is "
            f"{getattr(outbox, 'place', type(outbox).__name__)}: set SHIM_OUTBOX to "
            "the database of the transaction"
        )
        raise ConfigurationError(message)
    outbox.prepare_in(execute)
    token = _execute.set(execute)
    try:
        yield
    finally:
        _execute.reset(token)


def joined() -> Execute | None:
    """How to run a statement in the transaction of the block around, if any."""
    return _execute.get()


def _open(transaction: Any) -> tuple[str, Execute]:
    if hasattr(transaction, "vendor") and hasattr(transaction, "cursor"):
        return _place_of_django(transaction), _through_django(transaction)
    bind = getattr(transaction, "get_bind", None)
    engine = bind() if bind else transaction.engine
    return place_of_url(engine.url), _through_sqlalchemy(transaction)


def _through_sqlalchemy(transaction: Any) -> Execute:
    from sqlalchemy import text

    def execute(statement: str, parameters: Mapping[str, Any]) -> Any:
        result = transaction.execute(text(statement), dict(parameters))
        return [tuple(row) for row in result] if result.returns_rows else []

    return execute


def _through_django(connection: Any) -> Execute:
    def execute(statement: str, parameters: Mapping[str, Any]) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(re.sub(r":(\w+)", r"%(\1)s", statement), dict(parameters))
            return cursor.fetchall() if cursor.description else []

    return execute


def place_of_url(url: Any) -> str:
    """The database a SQLAlchemy URL names, without driver, user and password."""
    if url.get_backend_name() == "sqlite":
        return place_of_file(url.database or ":memory:")
    return _place(url.get_backend_name(), url.host, url.port, url.database)


def place_of_file(path: str) -> str:
    from pathlib import Path

    return f"sqlite {Path(path).absolute()}"


def _place_of_django(connection: Any) -> str:
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return place_of_file(str(given["NAME"]))
    return _place(connection.vendor, given["HOST"], given["PORT"], given["NAME"])


def _place(vendor: str, host: Any, port: Any, name: Any) -> str:
    return f"{vendor} {host or 'localhost'}:{port or 5432}/{name}"
