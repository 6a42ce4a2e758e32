"""An outbox in one table of a SQL database: SQLite on one host, else PostgreSQL.

The statements are the same for both; a `Database` carries the few differences and
runs each group of statements as one transaction.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from ..message import Claim, Message
from . import Subscribers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    Rows = list[tuple[Any, ...]]
    Statement = tuple[str, Mapping[str, Any]]


class Database(Protocol):
    """What the outbox needs of a database driver."""

    #: SQL for the current time in seconds since the epoch, by one clock for all.
    now: str
    #: SQL that is true when the column `task` is one of the parameter `tasks`.
    task_matches: str
    #: SQL that is true when the column `task_id` is one of the parameter `task_ids`.
    id_matches: str
    #: SQL that ends the choice of rows to claim.
    skip_locked: str

    def names(self, tasks: Collection[str]) -> Any:
        """The value of the parameter `tasks`, or `task_ids`."""

    def prepare(self) -> None:
        """Create the table where it is missing; safe from many processes."""

    def run(self, *statements: Statement) -> tuple[Rows, int]:
        """Run in one transaction; the last one's rows, or its count of rows."""

    def close(self) -> None:
        """Give back every connection."""


INSERT = """
INSERT INTO light_outbox
  (task_id, task, due, envelope, body, queued_at, held_by, revoked)
VALUES (:task_id, :task, coalesce(:due, {now}), :envelope, :body, {now},
  (SELECT key FROM light_outbox WHERE key = :held_by),
  coalesce((SELECT revoked FROM light_outbox WHERE key = :held_by), 0))
"""
CLAIM = """
UPDATE light_outbox SET owner = :owner, lease_until = {now} + :lease
WHERE key IN (
  SELECT key FROM light_outbox
  WHERE owner IS NULL AND held_by IS NULL AND due <= {now} AND {task_matches}
  ORDER BY due, key LIMIT :limit {skip_locked})
RETURNING key, task_id, task, due, envelope, body, redelivered, revoked
"""
START = """
UPDATE light_outbox SET started_at = {now}, late = :late
WHERE key = :key AND owner = :owner AND started_at IS NULL
"""
FINISH = "DELETE FROM light_outbox WHERE key = :key AND owner = :owner"
SHOW_HELD = "UPDATE light_outbox SET held_by = NULL WHERE held_by = :key"
RELEASE = """
UPDATE light_outbox
SET owner = NULL, lease_until = NULL, started_at = NULL,
    redelivered = CASE WHEN :redelivered = 1 THEN 1 ELSE redelivered END
WHERE key = :key AND owner = :owner
"""
EXTEND = "UPDATE light_outbox SET lease_until = {now} + :lease WHERE owner = :owner"
REVOKE = "UPDATE light_outbox SET revoked = 1 WHERE {id_matches}"
WAIT = """
SELECT min(due) - {now} FROM light_outbox
WHERE owner IS NULL AND held_by IS NULL AND {task_matches}
"""
DROP_RETRIED = """
DELETE FROM light_outbox
WHERE owner IS NOT NULL AND lease_until < {now} AND started_at IS NOT NULL
  AND key IN (SELECT held_by FROM light_outbox WHERE held_by IS NOT NULL)
"""
SHOW_ORPHANS = """
UPDATE light_outbox SET held_by = NULL
WHERE held_by IS NOT NULL AND held_by NOT IN (SELECT key FROM light_outbox)
"""
OFFER_AGAIN = """
UPDATE light_outbox
SET owner = NULL, lease_until = NULL, started_at = NULL,
    redelivered = CASE WHEN started_at IS NULL THEN redelivered ELSE 1 END
WHERE owner IS NOT NULL AND lease_until < {now} AND (started_at IS NULL OR late = 1)
"""
TAKE_LOST = """
UPDATE light_outbox SET owner = :owner, lease_until = {now} + :lease
WHERE owner IS NOT NULL AND lease_until < {now} AND late = 0 AND {task_matches}
RETURNING key, task_id, task, due, envelope, body, redelivered, revoked
"""


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

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        if held_by:
            self._holding.add(held_by.key)
        holder = held_by.key if held_by else None
        self._run(*(self._sql(INSERT, _row(each, holder)) for each in messages))
        self._subscribers.tell()

    def claim(
        self, owner: str, tasks: Collection[str], limit: int, lease: float
    ) -> list[Claim]:
        wanted = self._database.names(tasks)
        parameters = {"owner": owner, "lease": lease, "limit": limit, "tasks": wanted}
        rows, _ = self._run(self._sql(CLAIM, parameters))
        return sorted((_claim(row, owner) for row in rows), key=_age)

    def start(self, claim: Claim, *, late: bool) -> bool:
        statement = self._sql(START, {**_hold(claim), "late": int(late)})
        return self._run(statement)[1] == 1

    def finish(self, claim: Claim) -> None:
        statements = [self._sql(FINISH, _hold(claim))]
        if claim.key in self._holding:
            statements.append(self._sql(SHOW_HELD, {"key": claim.key}))
        self._run(*statements)
        if len(statements) > 1:
            self._holding.discard(claim.key)
            self._subscribers.tell()

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        parameters = {**_hold(claim), "redelivered": int(redelivered)}
        self._run(self._sql(RELEASE, parameters))
        self._subscribers.tell()

    def extend(self, owner: str, lease: float) -> None:
        self._run(self._sql(EXTEND, {"owner": owner, "lease": lease}))

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        wanted = self._database.names(tasks)
        rows, _ = self._run(
            self._sql(DROP_RETRIED),
            self._sql(SHOW_ORPHANS),
            self._sql(OFFER_AGAIN),
            self._sql(TAKE_LOST, {"owner": owner, "lease": lease, "tasks": wanted}),
        )
        return [_claim(row, owner) for row in rows]

    def revoke(self, task_ids: Collection[str]) -> None:
        parameters = {"task_ids": self._database.names(task_ids)}
        self._run(self._sql(REVOKE, parameters))

    def wait(self, tasks: Collection[str]) -> float | None:
        parameters = {"tasks": self._database.names(tasks)}
        rows, _ = self._run(self._sql(WAIT, parameters))
        seconds = rows[0][0]
        return None if seconds is None else float(seconds)

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._subscribers.add(wake)

    def close(self) -> None:
        self._database.close()
        self._prepared_by = None

    def _run(self, *statements: Statement) -> tuple[Rows, int]:
        if self._prepared_by != os.getpid():
            self._database.prepare()
            self._prepared_by = os.getpid()
        return self._database.run(*statements)

    def _sql(self, text: str, parameters: Mapping[str, Any] | None = None) -> Statement:
        database = self._database
        return (
            text.format(
                now=database.now,
                task_matches=database.task_matches,
                id_matches=database.id_matches,
                skip_locked=database.skip_locked,
            ),
            parameters or {},
        )


def _row(message: Message, holder: int | None) -> dict[str, Any]:
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
