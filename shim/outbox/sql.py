"""An outbox in one table of a SQL database: SQLite on one host, else PostgreSQL.

The statements are the same for both; a `Database` carries the few differences and
runs each group of statements as one transaction.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import OutboxUnavailableError
from ..message import Claim, Message
from ..tally import Counts, Tally, flatten, restore
from ..transactions import joined
from . import REVOKED_FOR, Subscribers
from . import sql_statements as statements

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..transactions import Execute

    Rows = list[tuple[Any, ...]]
    Statement = tuple[str, Mapping[str, Any]]

LIFETIME = {"lifetime": REVOKED_FOR}


class Database(Protocol):
    """What the outbox needs of a database driver."""

    #: SQL for the current time in seconds since the epoch, by one clock for all.
    now: str
    #: SQL that is true when the column `task` is one of the parameter `tasks`.
    task_matches: str
    #: SQL that is true when the column `task_id` is one of the parameter `task_ids`.
    id_matches: str
    #: SQL that is true when the column `key` is one of the parameter `keys`.
    key_matches: str
    #: SQL that ends the choice of rows to claim.
    skip_locked: str
    #: The database, in the words of `shim.transactions`.
    place: str

    def names(self, wanted: Collection[Any]) -> Any:
        """The value of the parameter `tasks`, `task_ids` or `keys`."""

    def prepare(self) -> None:
        """Create the table where it is missing; safe from many processes."""

    def prepare_in(self, execute: Execute) -> None:
        """The same, when a transaction of the caller may hold the locks for it."""

    def run(self, *statements: Statement) -> tuple[Rows, int]:
        """Run in one transaction; the last one's rows, or its count of rows."""

    def close(self) -> None:
        """Give back every connection."""


class SqlOutbox:
    """Keeps the contract of `Outbox` in the table `light_outbox`.

    Survives the death of every process, and of the host as far as the database
    does. Rows hold JSON, never pickles. Any number of processes may share it.
    """

    shared = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers = Subscribers()
        self._prepared_by: int | None = None
        self._holding: set[int] = set()
        self._mine: dict[str, set[int]] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        if held_by:
            self._holding.add(held_by.key)
        holder = held_by.key if held_by else None
        self._run(
            *(self._sql(statements.INSERT, _row(each, holder)) for each in messages)
        )
        self._subscribers.tell()

    def put_claimed(self, message: Message, owner: str, lease: float) -> Claim:
        parameters = {**_row(message), "owner": owner, "lease": lease}
        rows, _ = self._run(self._sql(statements.INSERT_CLAIMED, parameters))
        key, revoked = rows[0]
        return self._keep(Claim(key, message, owner, revoked=bool(revoked)))

    def claim(
        self,
        owner: str,
        tasks: Collection[str],
        limit: int,
        lease: float,
        *,
        ahead: bool = False,
    ) -> list[Claim]:
        wanted = self._database.names(tasks)
        parameters = {"owner": owner, "lease": lease, "limit": limit, "tasks": wanted}
        parameters["ahead"] = int(ahead)
        rows, _ = self._run(self._sql(statements.CLAIM, parameters))
        return sorted((self._keep(_claim(row, owner)) for row in rows), key=_age)

    def start(self, claim: Claim, *, late: bool) -> bool:
        statement = self._sql(statements.START, {**_hold(claim), "late": int(late)})
        return self._run(statement)[1] == 1

    def finish(self, claim: Claim) -> None:
        group = [self._sql(statements.FINISH, _hold(claim))]
        if claim.key in self._holding:
            group.append(self._sql(statements.SHOW_HELD, {"key": claim.key}))
        self._run(*group)
        self._forget(claim)
        if len(group) > 1:
            self._holding.discard(claim.key)
            self._subscribers.tell()

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        parameters = {**_hold(claim), "redelivered": int(redelivered)}
        self._run(self._sql(statements.RELEASE, parameters))
        self._forget(claim)
        self._subscribers.tell()

    def extend(self, owner: str, lease: float) -> None:
        # Only what is known to be in hand: what was claimed by a statement whose
        # answer was lost is to be offered again.
        if keys := sorted(self._mine.get(owner, ())):
            parameters = {"owner": owner, "lease": lease}
            parameters["keys"] = self._database.names(keys)
            self._run(self._sql(statements.EXTEND, parameters))

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        wanted = self._database.names(tasks)
        rows, _ = self._run(
            self._sql(statements.DROP_RETRIED),
            self._sql(statements.SHOW_ORPHANS),
            self._sql(statements.OFFER_AGAIN),
            self._sql(
                statements.TAKE_LOST, {"owner": owner, "lease": lease, "tasks": wanted}
            ),
        )
        return [self._keep(_claim(row, owner)) for row in rows]

    def revoke(self, task_ids: Collection[str]) -> None:
        parameters = {"task_ids": self._database.names(task_ids)}
        # First what will be put, then what waits: none falls between.
        remembered = [
            self._sql(statements.REMEMBER_REVOKED, {"task_id": each, **LIFETIME})
            for each in sorted(task_ids)  # in one order, so that none waits for ever
        ]
        forget = self._sql(statements.FORGET_REVOKED)
        self._run(forget, *remembered)
        self._run(self._sql(statements.REVOKE, parameters))

    def wait(self, tasks: Collection[str]) -> float | None:
        parameters = {"tasks": self._database.names(tasks)}
        rows, _ = self._run(self._sql(statements.WAIT, parameters))
        seconds = rows[0][0]
        return None if seconds is None else float(seconds)

    def counts(self) -> dict[str, Counts]:
        rows, _ = self._run(self._sql(statements.COUNTS))
        return {task: Counts(*map(int, numbers)) for task, *numbers in rows}

    def routes(self) -> dict[str, Any]:
        rows, _ = self._run(self._sql(statements.ROUTES))
        return {task: json.loads(route) for task, route in rows}

    def set_route(self, task: str, route: Any) -> None:
        group = [self._sql(statements.DROP_ROUTE, {"task": task})]
        if route is not None:
            parameters = {"task": task, "route": json.dumps(route)}
            group.append(self._sql(statements.ADD_ROUTE, parameters))
        self._run(*group)

    def record(self, tallies: Mapping[str, Tally]) -> None:
        group = []
        for task, tally in sorted(tallies.items()):
            sums, latest = flatten(tally)
            for text, numbers in (
                (statements.ADD_NUMBER, sums),
                (statements.LATEST_NUMBER, latest),
            ):
                for name, value in sorted(numbers.items()):
                    parameters = {"task": task, "name": name, "value": value}
                    group.append(self._sql(text, parameters))
        self._run(*group)

    def tallies(self) -> dict[str, Tally]:
        rows, _ = self._run(self._sql(statements.TALLIES))
        found: dict[str, dict[str, float]] = {}
        for task, name, value in rows:
            found.setdefault(task, {})[name] = value
        return {task: restore(numbers) for task, numbers in found.items()}

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._subscribers.add(wake)

    @property
    def place(self) -> str:
        """The database, in the words of `shim.transactions`."""
        return self._database.place

    def prepare(self) -> None:
        """Create what is missing in the database, once in a process."""
        if self._prepared_by != os.getpid():
            self._database.prepare()
            self._prepared_by = os.getpid()

    def prepare_in(self, execute: Execute) -> None:
        """Create what is missing through a transaction that may hold locks."""
        if self._prepared_by != os.getpid():
            self._database.prepare_in(execute)

    def close(self) -> None:
        self._database.close()
        self._prepared_by = None

    def _keep(self, claim: Claim) -> Claim:
        self._mine.setdefault(claim.owner, set()).add(claim.key)
        return claim

    def _forget(self, claim: Claim) -> None:
        self._mine.get(claim.owner, set()).discard(claim.key)

    def _run(self, *statements: Statement) -> tuple[Rows, int]:
        execute = joined()
        if execute is None:
            self.prepare()
            try:
                return self._database.run(*statements)
            except OutboxUnavailableError:
                self._prepared_by = None  # perhaps another database answers next
                raise
        for text, parameters in statements:
            rows = execute(text, {**parameters, "now": time.time()})
        return rows, len(rows)

    def _sql(self, text: str, parameters: Mapping[str, Any] | None = None) -> Statement:
        now = self._database.now if joined() is None else ":now"
        statement = self._texts.get((text, now))
        if statement is None:
            statement = self._texts[text, now] = text.format(
                now=now,
                task_matches=self._database.task_matches,
                id_matches=self._database.id_matches,
                key_matches=self._database.key_matches,
                skip_locked=self._database.skip_locked,
            )
        return statement, parameters or {}


def _row(message: Message, holder: int | None = None) -> dict[str, Any]:
    return {
        "task_id": message.id,
        "task": message.task,
        "due": message.due,
        "envelope": message.envelope,
        "body": message.body,
        "held_by": holder,
    }


def _claim(row: tuple[Any, ...], owner: str) -> Claim:
    key, task_id, task, due, envelope, body, redelivered, revoked = row
    message = Message(task_id, task, float(due), envelope, body)
    return Claim(key, message, owner, bool(redelivered), bool(revoked))


def _age(claim: Claim) -> tuple[float, int]:
    return claim.message.due or 0.0, claim.key


def _hold(claim: Claim) -> dict[str, Any]:
    return {"key": claim.key, "owner": claim.owner}
