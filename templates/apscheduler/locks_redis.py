"""Claims and leases in Redis. The file is yours to change."""

from __future__ import annotations

import logging
import secrets
from datetime import UTC
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from .locks import CLAIM_LIFETIME, CLOCK_SKEW, Claim, StoreDownError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

# The number must be drawn in the same step as the lock is taken: a holder that is
# slow between the two would get a higher number than its successor.
ACQUIRE = """
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('incr', KEYS[2])
end
return false
"""
RENEW = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
"""
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
"""


def _down_as_error(method: Callable[P, R]) -> Callable[P, R]:
    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except RedisError as error:
            # The error's text may hold the address; its kind says enough.
            raise StoreDownError(f"Redis: {type(error).__name__}") from error

    return guarded


class RedisLocks:
    """Needs a Redis that does not evict keys: `maxmemory-policy noeviction`."""

    def __init__(self, url: str, namespace: str) -> None:
        # Half a second of retries bridges a failing connection, not an outage.
        self._redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )
        self._namespace = namespace
        self._acquire = self._redis.register_script(ACQUIRE)
        self._renew = self._redis.register_script(RENEW)
        self._release = self._redis.register_script(RELEASE)

    @_down_as_error
    def claim(self, entry: str, slot: datetime, now: datetime) -> Claim:
        # A token per attempt tells a retry after a lost answer from another claimer.
        token = f"{now.timestamp():.3f} {secrets.token_hex(8)}"
        stamp = slot.astimezone(UTC).isoformat(timespec="milliseconds")
        key = f"{self._namespace}:tick:{entry}:{stamp}"
        epoch = f"{self._namespace}:epoch:{self._incarnation()}"
        with self._redis.pipeline(transaction=True) as commands:
            commands.set(epoch, f"{now.timestamp():.3f}", nx=True)
            commands.get(epoch)
            commands.set(key, token, nx=True, ex=int(CLAIM_LIFETIME))
            commands.get(key)
            _, since, _, holder = commands.execute()
        age = now.timestamp() - slot.timestamp()
        is_before_epoch = slot.timestamp() <= float(since) + CLOCK_SKEW
        return Claim(
            is_ours=holder == token,
            is_doubtful=is_before_epoch or age > CLAIM_LIFETIME / 2,
        )

    def _incarnation(self) -> str:
        """Changes when the server restarts or another one takes over its role."""
        facts: dict[str, Any] = self._redis.info("replication")
        return str(facts.get("master_replid", "unknown"))

    @_down_as_error
    def acquire(self, name: str, token: str, lifetime: float) -> int | None:
        keys = [f"{self._namespace}:lock:{name}", f"{self._namespace}:fence:{name}"]
        number = self._acquire(keys=keys, args=[token, int(lifetime * 1000)])
        return None if number is None else int(number)

    @_down_as_error
    def renew(self, name: str, token: str, lifetime: float) -> bool:
        keys = [f"{self._namespace}:lock:{name}"]
        return bool(self._renew(keys=keys, args=[token, int(lifetime * 1000)]))

    @_down_as_error
    def release(self, name: str, token: str) -> None:
        self._release(keys=[f"{self._namespace}:lock:{name}"], args=[token])

    @_down_as_error
    def held(self, names: list[str]) -> set[str]:
        if not names:
            return set()
        values = self._redis.mget([f"{self._namespace}:lock:{name}" for name in names])
        return {name for name, value in zip(names, values, strict=True) if value}

    @_down_as_error
    def ping(self) -> None:
        self._redis.ping()

    def warn_about_eviction(self) -> None:
        """Log an error where Redis may drop claims to free memory."""
        try:
            policy = self._redis.config_get("maxmemory-policy").get("maxmemory-policy")
        except RedisError:  # hosted servers forbid CONFIG; then nobody can tell
            return
        if policy != "noeviction":
            logger.error("Redis may evict claims: maxmemory-policy is %s", policy)

    def close(self) -> None:
        self._redis.close()
