"""Once per slot over all replicas, and, where asked for, one run at a time.

Two different promises, two different keys:

- A *claim* belongs to one slot of one entry, made with the scheduled time and never
  released: whoever comes later, by a second or by an hour, finds it.
- A *lease* keeps two runs of an entry apart. It is renewed while the job runs and
  released at its end. Its fencing number grows with each holder, so that a writer
  can refuse one that lost its lease without noticing.

Neither is ever assumed: a store that cannot be reached raises StoreDownError, and
the run does not take place. The file is yours to change.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from . import config

if TYPE_CHECKING:
    from datetime import datetime

# A claim must outlive every replica that could still come to the same slot.
CLAIM_LIFETIME = 24 * 3600.0
LEASE_LIFETIME = 30.0
# Two replicas' clocks are taken to be at most this far apart.
CLOCK_SKEW = 5.0


class StoreDownError(Exception):
    """The store of claims and locks cannot be reached: nothing may run."""


@dataclass(frozen=True, slots=True)
class Claim:
    is_ours: bool
    # The store may have forgotten an earlier claim of the slot: it was restarted
    # since, or the claim has lapsed. Whether the slot has run must be asked elsewhere.
    is_doubtful: bool


class LockStore(Protocol):
    """What Redis and SQL both offer. Every method may raise StoreDownError."""

    def claim(self, entry: str, slot: datetime, now: datetime) -> Claim:
        """Take the slot; of all callers over all processes exactly one gets it."""

    def acquire(self, name: str, token: str, lifetime: float) -> int | None:
        """The fencing number, or None while another token holds the lock."""

    def renew(self, name: str, token: str, lifetime: float) -> bool:
        """False: the lock is not held by this token any more."""

    def release(self, name: str, token: str) -> None:
        """Give the lock back if this token holds it, else do nothing."""

    def held(self, names: list[str]) -> set[str]:
        """Those of the locks that somebody holds now."""

    def ping(self) -> None:
        """Return if the store answers."""

    def close(self) -> None:
        """Release the connections."""


def create_lock_store() -> LockStore:
    """Redis where REDIS_URL is set, else tables in DATABASE_URL."""
    if url := config.redis_url():
        from .locks_redis import RedisLocks

        return RedisLocks(url, config.NAMESPACE)
    from .locks_sql import SqlLocks

    return SqlLocks(config.engine(), config.NAMESPACE)


class Lease:
    """A held lock, renewed at a third of its lifetime by a thread of its own.

    `lost` is set when a renewal failed: the job should stop, as another one may run.
    """

    def __init__(
        self, store: LockStore, name: str, *, lifetime: float = LEASE_LIFETIME
    ) -> None:
        self._store = store
        self._name = name
        self._lifetime = lifetime
        self._token = secrets.token_hex(16)
        self._ended = threading.Event()
        self._renewer: threading.Thread | None = None
        self.lost = threading.Event()
        self.fence: int | None = None

    def try_acquire(self) -> bool:
        """True when the lock is ours from now on; StoreDownError when unknown."""
        self.fence = self._store.acquire(self._name, self._token, self._lifetime)
        if self.fence is None:
            return False
        self._renewer = threading.Thread(
            target=self._keep, name=f"lease-{self._name}", daemon=True
        )
        self._renewer.start()
        return True

    def release(self) -> None:
        """End the lease. A store that is down lets it lapse by itself."""
        self._ended.set()
        if self._renewer is not None:
            self._renewer.join()
        self._store.release(self._name, self._token)

    def _keep(self) -> None:
        failures = 0
        while not self._ended.wait(self._lifetime / 3):
            try:
                is_held = self._store.renew(self._name, self._token, self._lifetime)
                failures = 0
            except StoreDownError:
                failures += 1
                is_held = failures < 2  # noqa: PLR2004 - a third of the lifetime is left
            if not is_held:
                self.lost.set()
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()
