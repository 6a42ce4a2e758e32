"""A beat that shares its slots with the generated scheduler, for the change-over.

    celery -A shop beat -S shim.beat:ClaimingScheduler

Beat and scheduler may both be up, in either direction: whoever claims a slot first
runs it. Claims are those of the generated package: in Redis where REDIS_URL is set,
else in DATABASE_URL. `SHIM_CLAIMS` is the package's name, by default "light_tasks".
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from celery.beat import PersistentScheduler
from celery.schedules import crontab, schedule

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery.beat import ScheduleEntry

logger = logging.getLogger(__name__)

# As in the generated package: both sides must find the same keys and slots.
CLAIM_LIFETIME = 24 * 3600
FIXED_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)
STATE = "_state"  # how the name of the scheduler's table ends
STATE_COLUMNS = frozenset({"entry", "next_run", "last_slot", "missed_slot"})
ALIVE = timedelta(minutes=10)  # a scheduler that is up moves its next runs on
MINUTE = 60.0
# How far back a slot is looked for, near ones first: rows of django-celery-beat that
# have never run say that they ran 30 years ago, those of RedBeat say nothing.
LOOK_BACK = (timedelta(days=1), timedelta(days=400))
BLOCKING = {
    "sqlite+aiosqlite": "sqlite",
    "postgres": "postgresql",
    "postgresql+asyncpg": "postgresql+psycopg",
    "mysql+aiomysql": "mysql+pymysql",
    "mysql+asyncmy": "mysql+pymysql",
}


def now() -> datetime:
    return datetime.now(UTC)


class ClaimSlots:
    """Mixed into any scheduler of beat, before it in the bases.

    A slot that cannot be claimed because the store is down is not sent, and that is
    logged as an error: sent unclaimed, it could run twice.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._claims = open_claims()
        super().__init__(*args, **kwargs)

    def apply_async(
        self,
        entry: ScheduleEntry,
        producer: Any = None,
        advance: bool = True,  # noqa: FBT001, FBT002 - beat's own signature
        **kwargs: Any,
    ) -> Any:
        slot = self._slot(entry)
        if advance:
            self.reserve(entry)  # type: ignore[attr-defined]  # beat's
        with undisturbed():
            if slot is not None:
                self._claims.refuse_foreign(entry.name)
            if slot is not None and not self._claims.claim(entry.name, slot):
                logger.info("slot %s of %s runs elsewhere", stamp(slot), entry.name)
                return None
            if slot is not None:
                logger.info("slot %s of %s is sent", stamp(slot), entry.name)
                self._claims.note(entry.name, slot, following(entry.schedule, slot))
            return super().apply_async(  # type: ignore[misc]  # beat's
                entry, producer=producer, advance=False, **kwargs
            )

    def _slot(self, entry: ScheduleEntry) -> datetime | None:
        """The slot that this run is for; None where no other scheduler can know it."""
        if isinstance(entry.schedule, crontab):
            return crontab_slot(entry.schedule, entry.last_run_at)
        if type(entry.schedule) is schedule:
            anchor = self._claims.known_slot(entry.name) or FIXED_ANCHOR
            return interval_slot(entry.schedule.run_every, anchor, now())
        return None


class ClaimingScheduler(ClaimSlots, PersistentScheduler):  # type: ignore[misc]
    """Beat's own scheduler, claiming each slot before it sends it."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Beat ends where SIGTERM meets it: not between a claim and its message."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def crontab_slot(when: crontab, last_run_at: datetime | None) -> datetime | None:
    """The latest time that is due, as a run after a longer pause stands for all."""
    for distance in LOOK_BACK:
        since = now() - distance
        if last_run_at is not None:
            since = max(since, when.maybe_make_aware(last_run_at))
        if found := _latest_due(when, since):
            return found
    return None


def _latest_due(when: crontab, since: datetime) -> datetime | None:
    found, at = None, since
    while True:
        left = when.remaining_estimate(at).total_seconds()
        if left > 0:
            return found
        due = now().timestamp() + left
        moment = datetime.fromtimestamp(round(due / MINUTE) * MINUTE, UTC)
        if found is not None and moment <= found:
            return found
        found = at = moment


def following(when: schedule, slot: datetime) -> datetime:
    """The slot after the latest one."""
    if isinstance(when, crontab):
        left: timedelta = when.remaining_estimate(now())
        return now() + left
    every: timedelta = when.run_every
    return slot + every


def interval_slot(every: timedelta, anchor: datetime, at: datetime) -> datetime:
    """The latest slot of the grid through `anchor`."""
    return anchor + (at - anchor) // every * every


class Claims(ABC):
    """Where slots are claimed, as the generated package does it."""

    def __init__(self, states: States | None) -> None:
        self._states = states

    @abstractmethod
    def claim(self, entry: str, slot: datetime) -> bool:
        """Take the slot; of all callers over all processes exactly one gets it."""

    def note(self, entry: str, slot: datetime, next_run: datetime) -> None:
        """Tell the scheduler's table of a slot that beat runs; never raises."""
        if self._states is not None:
            self._states.note(entry, slot, next_run)

    def refuse_foreign(self, entry: str) -> None:
        """ConfigurationError where a scheduler claims the entry by another name.

        Both would get each slot, and run it twice; that scheduler alone runs it once.
        """
        if self._states is not None and (table := self._states.foreign(entry)):
            raise ConfigurationError(
                f"{entry} is not sent: a scheduler with the table {table} runs it; "
                "set SHIM_CLAIMS to NAMESPACE in the config.py of its package"
            )

    def known_slot(self, entry: str) -> datetime | None:
        """A slot of the generated scheduler's, whose grid an interval follows."""
        if self._states is None:
            return None
        return self._states.slot(entry, "last_slot", "next_run")


def open_claims() -> Claims:
    """By REDIS_URL and DATABASE_URL; ConfigurationError where neither is set."""
    namespace = os.environ.get("SHIM_CLAIMS", "light_tasks")
    redis, database = os.environ.get("REDIS_URL"), os.environ.get("DATABASE_URL")
    states = States(database, namespace) if database else None
    if redis:
        return RedisClaims(redis, namespace, states)
    if states is None:
        message = (
            "beat cannot share its slots: set REDIS_URL or DATABASE_URL to the "
            "value that the generated scheduler has"
        )
        raise ConfigurationError(message)
    return SqlClaims(states, namespace)


def stamp(slot: datetime) -> str:
    return slot.astimezone(UTC).isoformat(timespec="milliseconds")


class States:
    """The generated scheduler's table of what each entry has done."""

    def __init__(self, url: str, namespace: str) -> None:
        from sqlalchemy import create_engine

        driver, separator, rest = url.partition("://")
        blocking = BLOCKING.get(driver, driver) + separator + rest
        self.engine = create_engine(blocking, pool_pre_ping=True)
        self._name = namespace.replace(".", "_") + STATE
        self._is_there = False

    def _is_made(self) -> bool:
        """Whether the scheduler was ever up. Asked only until it was: it never goes."""
        from sqlalchemy import inspect

        if not self._is_there:
            self._is_there = inspect(self.engine).has_table(self._name)
        return self._is_there

    def slot(self, entry: str, *columns: str) -> datetime | None:
        """The first of the columns that is set; None where there is no such row."""
        from sqlalchemy import text

        if not self._is_made():
            return None
        query = f"SELECT {', '.join(columns)} FROM {self._name} WHERE entry = :entry"  # noqa: S608 - names of ours
        with self.engine.connect() as connection:
            row = connection.execute(text(query), {"entry": entry}).first()
        found = next(filter(None, row or ()), None)
        return None if found is None else datetime.fromisoformat(found)

    def foreign(self, entry: str) -> str | None:
        """The table of another scheduler that is up and has the entry, or None."""
        from sqlalchemy import inspect, text

        here = inspect(self.engine)
        tables = {name for name in here.get_table_names() if name.endswith(STATE)}
        since = (now() - ALIVE).isoformat(timespec="microseconds")
        for name in sorted(tables, key=lambda name: name != self._name):
            if not {c["name"] for c in here.get_columns(name)} >= STATE_COLUMNS:
                continue  # a table of the application's
            quoted = self.engine.dialect.identifier_preparer.quote(name)
            query = f"SELECT next_run FROM {quoted} WHERE entry = :entry"  # noqa: S608 - quoted
            with self.engine.connect() as connection:
                row = connection.execute(text(query), {"entry": entry}).first()
            if row is None:
                continue
            if name == self._name:
                return None
            if row[0] is not None and row[0] > since:
                return name
        return None

    def note(self, entry: str, slot: datetime, next_run: datetime) -> None:
        """What the scheduler counts missed slots and its health from; only forward."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if not self._is_made():
                return
            with self.engine.begin() as connection:
                for column, moment in (("last_slot", slot), ("next_run", next_run)):
                    statement = (
                        f"UPDATE {self._name} SET {column} = :moment WHERE "  # noqa: S608 - names of ours
                        f"entry = :entry AND ({column} IS NULL OR {column} < :moment)"
                    )
                    at = moment.astimezone(UTC).isoformat(timespec="microseconds")
                    connection.execute(text(statement), {"entry": entry, "moment": at})
        except SQLAlchemyError as error:
            # The claim holds without it. The error's text may hold the statement.
            logger.warning("slot of %s not noted: %s", entry, type(error).__name__)


class RedisClaims(Claims):
    """A key per slot, which nobody deletes."""

    def __init__(self, url: str, namespace: str, states: States | None) -> None:
        from redis import Redis

        self._redis: Any = Redis.from_url(
            url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2
        )
        self._namespace = namespace
        super().__init__(states)

    def claim(self, entry: str, slot: datetime) -> bool:
        # A token per attempt tells a retry after a lost answer from another claimer.
        token = f"{time.time():.3f} {secrets.token_hex(8)}"
        key = f"{self._namespace}:tick:{entry}:{stamp(slot)}"
        with self._redis.pipeline(transaction=True) as commands:
            commands.set(key, token, nx=True, ex=CLAIM_LIFETIME)
            commands.get(key)
            _, holder = commands.execute()
        # A Redis that was restarted has forgotten; the scheduler's table has not.
        last = self._states.slot(entry, "last_slot") if self._states else None
        return bool(holder == token) and (last is None or last < slot)


class SqlClaims(Claims):
    """A unique row per slot."""

    def __init__(self, states: States, namespace: str) -> None:
        from sqlalchemy import Column, Float, MetaData, String, Table

        super().__init__(states)
        self._engine = states.engine
        metadata = MetaData()
        self._ticks = Table(
            f"{namespace.replace('.', '_')}_ticks",
            metadata,
            Column("entry", String(191), primary_key=True),
            Column("slot", String(40), primary_key=True),
            Column("claimed_at", Float(53), nullable=False, index=True),
        )
        metadata.create_all(self._engine)

    def claim(self, entry: str, slot: datetime) -> bool:
        from sqlalchemy import insert
        from sqlalchemy.exc import IntegrityError

        row = {"entry": entry, "slot": stamp(slot), "claimed_at": time.time()}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(self._ticks).values(row))
        except IntegrityError:
            return False
        return True
