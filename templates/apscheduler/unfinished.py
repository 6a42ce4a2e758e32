"""Runs under way: remembered from before their claim until their end.

A process that dies leaves its rows behind. When it has given no sign of life for
DEAD_AFTER seconds, another one takes a row over: it runs the slot again where the entry
says `may_run_again`, and counts it as missed otherwise. The file is yours to change.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Float,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from . import config
from .tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Engine

    from .entry import Entry

    Slot = tuple[str, datetime]

logger = logging.getLogger(__name__)

# Three signs of life, and the seconds that two hosts' clocks may be apart.
DEAD_AFTER = 35.0


class Unfinished:
    """One per process. `open` and `taken_over` may raise SQLAlchemy's errors."""

    def __init__(
        self, engine: Engine, namespace: str, entries: tuple[Entry, ...]
    ) -> None:
        self._engine = engine
        self._entries = {entry.id for entry in entries}
        metadata = MetaData()
        self._table = Table(
            f"{namespace.replace('.', '_')}_unfinished",
            metadata,
            Column("entry", String(191), primary_key=True),
            Column("slot", String(40), primary_key=True),
            Column("process", String(32), primary_key=True),
            Column("seen_at", Float(53), nullable=False),
        )
        # A host's name and process id come back after a restart; this does not.
        self._process = secrets.token_hex(16)
        self._after = config.number("DEAD_AFTER", DEAD_AFTER)
        self._mine: set[Slot] = set()
        self._to_forget: dict[Slot, bool] = {}  # what could not be deleted yet
        self._guard = threading.Lock()
        self._is_ending = False
        create_tables(metadata, engine)

    def open(self, entry: str, slot: datetime) -> bool:
        """Remember the run from now on. True: a process that died had begun it."""
        if entry not in self._entries:
            return False
        with self._guard:
            if (entry, slot) in self._mine:
                return True
        row: dict[str, Any] = {
            "entry": entry,
            "slot": _text(slot),
            "process": self._process,
            "seen_at": time.time(),
        }
        with self._engine.begin() as connection:
            connection.execute(insert(self._table).values(row))
        with self._guard:
            self._mine.add((entry, slot))
        return False

    def leave(self, entry: str, slot: datetime) -> None:
        """It does not run here: forget that this process tried, and only that."""
        self._forget((entry, slot), of_all=False)

    def close(self, entry: str, slot: datetime) -> None:
        """The body has ended: nobody needs to look after the slot."""
        self._forget((entry, slot), of_all=True)

    def hand_back(self, entry: str, slot: datetime) -> None:
        """Give no more signs of life for it, so that it is taken over."""
        with self._guard:
            self._mine.discard((entry, slot))

    def _forget(self, run: Slot, *, of_all: bool) -> None:
        with self._guard:
            self._mine.discard(run)
        if run[0] not in self._entries:
            return
        rows = self._is(run)
        if not of_all:
            rows &= self._table.c.process == self._process
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(self._table).where(rows))
        except SQLAlchemyError as error:
            logger.warning("run of %s is not closed: %s", run[0], type(error).__name__)
            with self._guard:
                self._to_forget[run] = of_all

    def _is(self, run: Slot) -> ColumnElement[bool]:
        columns = self._table.c
        return (columns.entry == run[0]) & (columns.slot == _text(run[1]))

    def keep(self, found: Callable[[str, datetime], object]) -> None:
        """From now on give signs of life, and take over what the dead have left."""
        threading.Thread(
            target=self._keep, args=(found,), name="unfinished", daemon=True
        ).start()

    def end(self) -> None:
        """Take nothing over any more; what still runs keeps its signs of life."""
        self._is_ending = True

    def _keep(self, found: Callable[[str, datetime], object]) -> None:
        while not self._is_ending or self._mine or self._to_forget:
            time.sleep(self._after / 4)
            try:
                self._give_sign()
                for run in [] if self._is_ending else self.taken_over():
                    found(*run)
            except SQLAlchemyError as error:
                logger.warning("unfinished runs: %s", type(error).__name__)

    def _give_sign(self) -> None:
        with self._guard:
            mine, to_forget = set(self._mine), self._to_forget
            self._to_forget = {}
        for run, of_all in to_forget.items():
            self._forget(run, of_all=of_all)
        if not mine:
            return
        columns = self._table.c
        pair = tuple_(columns.entry, columns.slot)
        rows = [(entry, _text(slot)) for entry, slot in mine]
        are_mine = (columns.process == self._process) & pair.in_(rows)
        with self._engine.begin() as connection:
            seen = update(self._table).where(are_mine).values(seen_at=time.time())
            connection.execute(seen)

    def taken_over(self) -> list[Slot]:
        """Slots of the dead that are this process's from now on."""
        table = self._table
        known = table.c.entry.in_(self._entries)  # the others are of another release
        query = select(table).where(known).order_by(table.c.process)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        silent_since = time.time() - self._after
        alive = {(row.entry, row.slot) for row in rows if row.seen_at >= silent_since}
        with self._guard:  # a row of its own may be old where the database is slow
            alive |= {(entry, _text(slot)) for entry, slot in self._mine}
        found = []
        for row in rows:
            if (row.entry, row.slot) in alive:
                continue  # it runs, or this process took it over a moment ago
            alive.add((row.entry, row.slot))
            if self._take(row.entry, row.slot, row.process, row.seen_at):
                run = (row.entry, datetime.fromisoformat(row.slot))
                found.append(run)
                with self._guard:
                    self._mine.add(run)
        return found

    def _take(self, entry: str, slot: str, process: str, seen_at: float) -> bool:
        columns = self._table.c
        is_as_seen = (columns.entry == entry) & (columns.slot == slot)
        is_as_seen &= (columns.process == process) & (columns.seen_at == seen_at)
        change = update(self._table).where(is_as_seen)
        values = {"process": self._process, "seen_at": time.time()}
        with self._engine.begin() as connection:
            return connection.execute(change.values(values)).rowcount == 1


def _text(slot: datetime) -> str:
    return slot.astimezone(UTC).isoformat(timespec="microseconds")
