"""Records in Redis: a hash each, removed by its own expiry. Yours to change."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from .records import Record, RecordsDownError, Status, Totals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MOST = 100
NUMBERS = ("lapses_at", "created_at", "started_at", "ended_at")

# Each script is one step for everybody else, and answers a repeated call as before.
ADD = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('set', KEYS[1], ARGV[1])
redis.call('hset', KEYS[2], unpack(ARGV, 3))
redis.call('zadd', KEYS[3], ARGV[2], ARGV[1])
return false
"""
ADD_PROBE = """
if redis.call('hget', KEYS[4], 'last_failure') ~= ARGV[3] then return 0 end
for _, name in ipairs(redis.call('zrange', KEYS[3], 0, -1)) do
  local task = redis.call('hget', ARGV[4] .. name, 'task')
  if task == ARGV[5] then return name == ARGV[1] and 1 or 0 end
end
redis.call('set', KEYS[1], ARGV[1])
redis.call('hset', KEYS[2], unpack(ARGV, 6))
redis.call('zadd', KEYS[3], ARGV[2], ARGV[1])
return 1
"""
START = """
local seen = redis.call('hmget', KEYS[1], 'owner', 'status', 'started_at')
if seen[1] ~= ARGV[1] then return 0 end
if seen[2] == 'running' and seen[3] == ARGV[3] then return 1 end
if seen[2] ~= ARGV[2] then return 0 end
redis.call('hset', KEYS[1], 'status', 'running', 'started_at', ARGV[3])
return 1
"""
END = """
local seen = redis.call('hmget', KEYS[1], 'owner', 'status', 'ended_at')
if seen[1] ~= ARGV[1] then return 0 end
if seen[2] == ARGV[3] and seen[3] == ARGV[5] then return 1 end
redis.call('hset', KEYS[1], 'status', ARGV[3], 'error', ARGV[4], 'ended_at', ARGV[5])
redis.call('expire', KEYS[1], ARGV[6])
redis.call('zrem', KEYS[2], ARGV[2])
if redis.call('get', KEYS[3]) == ARGV[2] then redis.call('del', KEYS[3]) end
redis.call('hincrby', KEYS[4], ARGV[3], 1)
if ARGV[3] == 'done' then
  redis.call('hset', KEYS[4], 'failures_in_a_row', 0, 'last_success', ARGV[5])
else
  redis.call('hincrby', KEYS[4], 'failures_in_a_row', 1)
  redis.call('hset', KEYS[4], 'last_failure', ARGV[5])
end
return 1
"""
RENEW = """
for at = 3, #ARGV do
  if redis.call('hget', KEYS[at - 1], 'owner') == ARGV[1] then
    redis.call('zadd', KEYS[1], 'XX', ARGV[2], ARGV[at])
  end
end
"""
TAKE = """
local lapses_at = redis.call('zscore', KEYS[1], ARGV[1])
if not lapses_at or tonumber(lapses_at) >= tonumber(ARGV[3]) then return 0 end
redis.call('zadd', KEYS[1], ARGV[4], ARGV[1])
redis.call('hset', KEYS[2], 'owner', ARGV[2], 'lapses_at', ARGV[4])
return 1
"""


@contextmanager
def _down_as_error() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        # The error's text may hold the address; its kind says enough.
        raise RecordsDownError(f"Redis: {type(error).__name__}") from error


class RedisRecords:
    """Needs a Redis that does not evict keys, and that keeps them over a restart."""

    def __init__(self, url: str, namespace: str, lifetime: float) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )
        self._namespace = namespace
        self._lifetime = max(1, int(lifetime))
        self._open = f"{namespace}:work-open"
        self._add = self._redis.register_script(ADD)
        self._add_probe = self._redis.register_script(ADD_PROBE)
        self._start = self._redis.register_script(START)
        self._end = self._redis.register_script(END)
        self._renew = self._redis.register_script(RENEW)
        self._take = self._redis.register_script(TAKE)

    def _key(self, kind: str, name: str) -> str:
        return f"{self._namespace}:work-{kind}:{name}"

    def add(self, record: Record) -> str | None:
        keys = self._keys(record)
        with _down_as_error():
            holder = self._add(
                keys=keys, args=[record.id, record.lapses_at, *_fields(record)]
            )
        return None if holder is None else str(holder)

    def add_probe(self, record: Record, last_failure: float) -> bool:
        keys = [*self._keys(record), self._key("totals", record.task)]
        mine = [record.id, str(record.lapses_at), str(last_failure)]
        others = [self._key("record", ""), record.task]
        arguments = [*mine, *others, *_fields(record)]
        with _down_as_error():
            return bool(self._add_probe(keys=keys, args=arguments))

    def _keys(self, record: Record) -> list[str]:
        same, mine = self._key("same", record.key), self._key("record", record.id)
        return [same, mine, self._open]

    def start(self, record: Record, was: Status, now: float) -> bool:
        keys = [self._key("record", record.id)]
        with _down_as_error():
            return bool(self._start(keys=keys, args=[record.owner, was, str(now)]))

    def end(
        self, record: Record, status: Status, error: str | None, now: float
    ) -> bool:
        keys = [
            self._key("record", record.id),
            self._open,
            self._key("same", record.key),
            self._key("totals", record.task),
        ]
        facts = [record.owner, record.id, status, error or "", str(now)]
        with _down_as_error():
            return bool(self._end(keys=keys, args=[*facts, self._lifetime]))

    def renew(self, ids: Collection[str], owner: str, lapses_at: float) -> None:
        names = list(ids)
        keys = [self._open, *(self._key("record", name) for name in names)]
        with _down_as_error():
            if names:
                self._renew(keys=keys, args=[owner, lapses_at, *names])

    def adopt(
        self, tasks: Collection[str], owner: str, before: float, lapses_at: float
    ) -> list[Record]:
        found = []
        with _down_as_error():
            lapsed = self._redis.zrangebyscore(
                self._open, "-inf", f"({before}", start=0, num=MOST
            )
            for name in map(str, lapsed):
                record = self.get(name)
                if record is None or record.task not in tasks:
                    continue
                keys = [self._open, self._key("record", name)]
                if self._take(keys=keys, args=[name, owner, before, lapses_at]):
                    found.append(record)
        return found

    def get(self, record_id: str) -> Record | None:
        with _down_as_error():
            fields: Any = self._redis.hgetall(self._key("record", record_id))
        return _record(fields) if fields else None

    def open(self, task: str) -> list[Record]:
        with _down_as_error():
            names = self._redis.zrange(self._open, 0, -1)
            found = [self.get(str(name)) for name in names]
        mine = [record for record in found if record and record.task == task]
        return sorted(mine, key=lambda record: record.created_at)[:MOST]

    def totals(self, task: str) -> Totals:
        with _down_as_error():
            fields: Any = self._redis.hgetall(self._key("totals", task))
        moments = ("last_success", "last_failure")
        values: dict[str, Any] = {
            name: float(value) if name in moments else int(value)
            for name, value in fields.items()
        }
        return Totals(**values)

    def remove_ended(self, before: float) -> int:  # noqa: ARG002 - Redis expires them
        return 0


def _fields(record: Record) -> list[str]:
    return [
        part
        for name, value in asdict(record).items()
        for part in (name, "" if value is None else str(value))
    ]


def _record(fields: dict[str, str]) -> Record:
    values: dict[str, Any] = {name: value or None for name, value in fields.items()}
    for name in NUMBERS:
        values[name] = float(values[name]) if values[name] else None
    return Record(**{**values, "status": Status(fields["status"])})
