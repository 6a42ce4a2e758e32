"""Claims and leases in SQL tables: PostgreSQL, SQLite, MySQL.

The file is yours to change.
"""

from __future__ import annotations

import time
from datetime import UTC
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from .locks import CLAIM_LIFETIME, CLOCK_SKEW, Claim, StoreDownError
from .tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Engine

P = ParamSpec("P")
R = TypeVar("R")

PRUNE_EVERY = 3600.0


def _down_as_error(method: Callable[P, R]) -> Callable[P, R]:
    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except SQLAlchemyError as error:
            # The error's text holds statement and parameters; its kind says enough.
            raise StoreDownError(f"database: {type(error).__name__}") from error

    return guarded


class SqlLocks:
    """A unique row per claimed slot, a row per lock."""

    def __init__(self, engine: Engine, namespace: str) -> None:
        self._engine = engine
        metadata = MetaData()
        name = namespace.replace(".", "_")
        self._ticks = Table(
            f"{name}_ticks",
            metadata,
            Column("entry", String(191), primary_key=True),
            Column("slot", String(40), primary_key=True),
            Column("claimed_at", Float(53), nullable=False, index=True),
        )
        self._locks = Table(
            f"{name}_locks",
            metadata,
            Column("name", String(191), primary_key=True),
            Column("token", String(64)),
            Column("lapses_at", Float(53), nullable=False),
            Column("fence", BigInteger, nullable=False),
        )
        self._pruned_at = 0.0
        create_tables(metadata, engine)

    @_down_as_error
    def claim(self, entry: str, slot: datetime, now: datetime) -> Claim:
        stamp = slot.astimezone(UTC).isoformat(timespec="milliseconds")
        row = {"entry": entry, "slot": stamp, "claimed_at": now.timestamp()}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(self._ticks).values(row))
        except IntegrityError:
            return Claim(is_ours=False, is_doubtful=False)
        self._prune(now.timestamp())
        age = now.timestamp() - slot.timestamp()
        return Claim(is_ours=True, is_doubtful=age > CLAIM_LIFETIME / 2)

    def _prune(self, now: float) -> None:
        if now - self._pruned_at < PRUNE_EVERY:
            return
        self._pruned_at = now
        old = self._ticks.c.claimed_at < now - CLAIM_LIFETIME
        with self._engine.begin() as connection:
            connection.execute(delete(self._ticks).where(old))

    @_down_as_error
    def acquire(self, name: str, token: str, lifetime: float) -> int | None:
        self._create(name)
        locks, now = self._locks, time.time()
        # The clock of another host may be behind: wait longer than it was promised.
        is_free = locks.c.token.is_(None) | (locks.c.lapses_at < now - CLOCK_SKEW)
        taken = (
            update(locks)
            .where(locks.c.name == name, is_free)
            .values(token=token, lapses_at=now + lifetime, fence=locks.c.fence + 1)
        )
        held = select(locks.c.fence).where(locks.c.name == name)
        with self._engine.begin() as connection:
            if connection.execute(taken).rowcount != 1:
                return None
            return int(connection.execute(held).scalar_one())

    def _create(self, name: str) -> None:
        known = select(self._locks.c.name).where(self._locks.c.name == name)
        with self._engine.connect() as connection:
            if connection.execute(known).first() is not None:
                return
        row = {"name": name, "token": None, "lapses_at": 0.0, "fence": 0}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(self._locks).values(row))
        except IntegrityError:
            return  # another process was faster, which is as good

    @_down_as_error
    def renew(self, name: str, token: str, lifetime: float) -> bool:
        statement = (
            update(self._locks)
            .where(self._locks.c.name == name, self._locks.c.token == token)
            .values(lapses_at=time.time() + lifetime)
        )
        with self._engine.begin() as connection:
            return connection.execute(statement).rowcount == 1

    @_down_as_error
    def release(self, name: str, token: str) -> None:
        statement = (
            update(self._locks)
            .where(self._locks.c.name == name, self._locks.c.token == token)
            .values(token=None)
        )
        with self._engine.begin() as connection:
            connection.execute(statement)

    @_down_as_error
    def held(self, names: list[str]) -> set[str]:
        locks = self._locks
        is_held = locks.c.token.is_not(None) & (locks.c.lapses_at > time.time())
        query = select(locks.c.name).where(locks.c.name.in_(names), is_held)
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    @_down_as_error
    def ping(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Nothing to do: the engine belongs to the process."""
