"""An outbox in this process: for tests, and for tasks that may be lost."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..message import Claim
from ..tally import Counts, Tally
from . import REVOKED_FOR, Subscribers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..message import Message


@dataclass(slots=True)
class _Row:
    key: int
    message: Message
    due: float
    held_by: int | None = None
    owner: str | None = None
    lease_until: float = 0.0
    started: bool = False
    late: bool = False
    redelivered: bool = False
    revoked: bool = False

    def claim(self, owner: str) -> Claim:
        return Claim(self.key, self.message, owner, self.redelivered, self.revoked)


class MemoryOutbox:
    """Keeps the contract of `Outbox` inside one process.

    Everything is lost when the process ends; `clock` returns seconds since the
    epoch.
    """

    shared = False

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.clear()
        _all.add(self)

    def clear(self) -> None:
        """Drop every message. A forked child does so: its parent runs them."""
        self._lock = threading.Lock()
        self._keys = itertools.count(1)
        self._rows: dict[int, _Row] = {}
        self._ready: list[tuple[float, int]] = []
        self._held: dict[int, list[_Row]] = {}
        self._revoked: dict[str, float] = {}  # until when the id is remembered
        self._routes: dict[str, Any] = {}
        self._tallies: dict[str, Tally] = {}
        self._subscribers = Subscribers()

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        with self._lock:
            holder = self._rows.get(held_by.key) if held_by else None
            now = self._clock()
            for message in messages:
                due = now if message.due is None else message.due
                row = _Row(next(self._keys), message, due)
                row.revoked = self._revoked.get(message.id, now) > now
                self._rows[row.key] = row
                if holder is None:
                    self._offer(row)
                else:
                    row.held_by = holder.key
                    self._held.setdefault(holder.key, []).append(row)
        self._subscribers.tell()

    def put_claimed(self, message: Message, owner: str, lease: float) -> Claim:
        with self._lock:
            now = self._clock()
            row = _Row(next(self._keys), message, now, owner=owner)
            row.lease_until = now + lease
            row.revoked = self._revoked.get(message.id, now) > now
            self._rows[row.key] = row
            return row.claim(owner)

    def claim(
        self,
        owner: str,
        tasks: Collection[str],
        limit: int,
        lease: float,
        *,
        ahead: bool = False,
    ) -> list[Claim]:
        now = self._clock()
        latest = float("inf") if ahead else now
        taken: list[Claim] = []
        passed: list[tuple[float, int]] = []
        with self._lock:
            while self._ready and len(taken) < limit and self._ready[0][0] <= latest:
                entry = heapq.heappop(self._ready)
                row = self._rows.get(entry[1])
                if row is None or row.owner or row.held_by:
                    continue
                if row.message.task not in tasks:
                    passed.append(entry)
                    continue
                row.owner, row.lease_until = owner, now + lease
                taken.append(row.claim(owner))
            for entry in passed:
                heapq.heappush(self._ready, entry)
        return taken

    def start(self, claim: Claim, *, late: bool) -> bool:
        with self._lock:
            row = self._row_of(claim)
            if row is None or row.started:
                return False
            row.started, row.late = True, late
            return True

    def finish(self, claim: Claim) -> None:
        with self._lock:
            held = claim.key in self._held
            if self._row_of(claim):
                self._remove(claim.key)
        if held:
            self._subscribers.tell()

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        with self._lock:
            if row := self._row_of(claim):
                row.redelivered = row.redelivered or redelivered
                self._free(row)
        self._subscribers.tell()

    def extend(self, owner: str, lease: float) -> None:
        until = self._clock() + lease
        with self._lock:
            for row in self._rows.values():
                if row.owner == owner:
                    row.lease_until = until

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        now = self._clock()
        lost: list[Claim] = []
        with self._lock:
            dead = [r for r in self._rows.values() if r.owner and r.lease_until < now]
            for row in dead:
                if row.started and row.key in self._held:
                    self._remove(row.key)
                elif row.late or not row.started:
                    row.redelivered = row.redelivered or row.started
                    self._free(row)
                elif row.message.task in tasks:
                    row.owner, row.lease_until = owner, now + lease
                    lost.append(row.claim(owner))
        return lost

    def revoke(self, task_ids: Collection[str]) -> None:
        now = self._clock()
        with self._lock:
            kept = {k: until for k, until in self._revoked.items() if until > now}
            self._revoked = kept | dict.fromkeys(task_ids, now + REVOKED_FOR)
            for row in self._rows.values():
                row.revoked = row.revoked or row.message.id in task_ids

    def wait(self, tasks: Collection[str]) -> float | None:
        now = self._clock()
        with self._lock:
            waits = (
                row.due - now
                for row in self._rows.values()
                if not row.owner and not row.held_by and row.message.task in tasks
            )
            return min(waits, default=None)

    def counts(self) -> dict[str, Counts]:
        now = self._clock()
        found: dict[str, Counts] = {}
        with self._lock:
            for row in self._rows.values():
                counts = found.setdefault(row.message.task, Counts())
                if row.owner:
                    counts.running += 1
                elif row.due > now:
                    counts.delayed += 1
                else:
                    counts.waiting += 1
        return found

    def routes(self) -> dict[str, Any]:
        return dict(self._routes)

    def set_route(self, task: str, route: Any) -> None:
        with self._lock:
            self._routes.pop(task, None)
            if route is not None:
                self._routes[task] = route

    def record(self, tallies: Mapping[str, Tally]) -> None:
        with self._lock:
            for task, tally in tallies.items():
                self._tallies.setdefault(task, Tally()).merge(tally)

    def tallies(self) -> dict[str, Tally]:
        with self._lock:
            return dict(self._tallies)

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._subscribers.add(wake)

    def close(self) -> None:
        """Nothing to give back; the messages stay."""

    def messages(self) -> list[Message]:
        """What nobody holds yet, oldest first."""
        with self._lock:
            rows = [row for row in self._rows.values() if row.owner is None]
        return [row.message for row in sorted(rows, key=lambda row: (row.due, row.key))]

    def __len__(self) -> int:
        return len(self._rows)

    def _row_of(self, claim: Claim) -> _Row | None:
        row = self._rows.get(claim.key)
        return row if row and row.owner == claim.owner else None

    def _free(self, row: _Row) -> None:
        row.owner, row.started, row.late = None, False, False
        self._offer(row)

    def _remove(self, key: int) -> None:
        del self._rows[key]
        for row in self._held.pop(key, ()):
            row.held_by = None
            self._offer(row)

    def _offer(self, row: _Row) -> None:
        heapq.heappush(self._ready, (row.due, row.key))


_all: weakref.WeakSet[MemoryOutbox] = weakref.WeakSet()


def _clear_all() -> None:
    for outbox in list(_all):
        outbox.clear()


os.register_at_fork(after_in_child=_clear_all)
