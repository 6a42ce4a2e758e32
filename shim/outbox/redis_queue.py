"""The existing Redis broker as the outbox, in a queue of its own beside Celery's."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery.utils import uuid
from kombu.exceptions import OperationalError
from kombu.utils.json import loads

from ..errors import OutboxUnavailableError
from ..message import Claim
from ..tally import Counts, Tally, flatten, restore
from . import Subscribers, redis_scripts
from .envelope import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from celery import Celery
    from redis import Redis

    from ..message import Message

KEYS = ("", ".delayed", ".texts", ".leases", ".revoked", ".claim:", ".tallies")
PAGE = 500
REVOKED_FOR = 30 * 86_400.0
#: Seconds, where the app's `broker_transport_options` say nothing. kombu's default is
#: to wait for ever for a server that is not there.
PATIENCE = {"socket_connect_timeout": 10.0, "socket_timeout": 30.0}


class RedisOutbox:
    """Keeps the contract of `Outbox` in the Redis that is Celery's broker.

    What waits and is due is kombu's queue `light`, which a Celery worker can
    consume. Every step is one script, so a process may die between any two. As
    durable as that Redis is: with appendonly off, a crash of Redis loses calls, as
    it does for Celery. Due messages keep the order of their arrival.
    """

    shared = True

    def __init__(self, app: Celery, queue: str = "light") -> None:
        self._app = app
        self._queue = queue
        self._client: Redis | None = None
        self._scripts: dict[str, Any] = {}
        self._keys: list[str] = []
        self._subscribers = Subscribers()
        self._mine: dict[str, set[str]] = {}

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        arguments: list[Any] = [held_by.key if held_by else ""]
        for message in messages:
            key = uuid()
            due = "" if message.due is None else repr(message.due)
            arguments += [key, due, pack(message, key, self._queue)]
        self._run(redis_scripts.PUT, *arguments)
        self._subscribers.tell()

    def put_claimed(self, message: Message, owner: str, lease: float) -> Claim:
        key = uuid()
        text = pack(message, key, self._queue)
        given = (key, text, owner, lease, message.id)
        revoked = self._run(redis_scripts.PUT_CLAIMED, *given)
        self._mine.setdefault(owner, set()).add(key)
        return Claim(key, message, owner, revoked=bool(revoked))

    def claim(
        self,
        owner: str,
        tasks: Collection[str],
        limit: int,
        lease: float,
        *,
        ahead: bool = False,
    ) -> list[Claim]:
        names = json.dumps(sorted(tasks))
        options = (limit, lease, int(ahead))
        found = self._run(redis_scripts.CLAIM, names, owner, *options)
        claims = []
        for text, due, revoked in zip(
            found[::3], found[1::3], found[2::3], strict=True
        ):
            key, message, redelivered = unpack(text)
            if due:
                message = replace(message, due=float(due))
            claims.append(Claim(key, message, owner, redelivered, bool(revoked)))
        self._mine.setdefault(owner, set()).update(claim.key for claim in claims)
        return claims

    def start(self, claim: Claim, *, late: bool) -> bool:
        state = "late" if late else "early"
        return bool(self._run(redis_scripts.START, claim.key, claim.owner, state))

    def finish(self, claim: Claim) -> None:
        held = self._run(redis_scripts.FINISH, claim.key, claim.owner)
        self._forget(claim)
        if held:
            self._subscribers.tell()

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        marked = redelivered or claim.redelivered
        text = pack(claim.message, claim.key, self._queue, redelivered=marked)
        due = "" if claim.message.due is None else repr(claim.message.due)
        self._run(redis_scripts.RELEASE, claim.key, claim.owner, text, due, 0)
        self._forget(claim)
        self._subscribers.tell()

    def extend(self, owner: str, lease: float) -> None:
        if keys := self._mine.get(owner):
            self._run(redis_scripts.EXTEND, lease, owner, *keys)

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        lost = []
        for key, dead, state, text, holds in self._run(redis_scripts.EXPIRED):
            _, message, redelivered = unpack(text)
            if state != "claimed" and holds:
                self._run(redis_scripts.FINISH, key, dead)
            elif state != "early":
                marked = redelivered or state == "late"
                text_again = pack(message, key, self._queue, redelivered=marked)
                self._run(redis_scripts.RELEASE, key, dead, text_again, "", 1)
            elif message.task in tasks and self._run(
                redis_scripts.TAKE_LOST, key, dead, owner, lease
            ):
                lost.append(Claim(key, message, owner, redelivered))
        self._mine.setdefault(owner, set()).update(claim.key for claim in lost)
        return lost

    def revoke(self, task_ids: Collection[str]) -> None:
        self._run(redis_scripts.REVOKE, REVOKED_FOR, *task_ids)

    def wait(self, tasks: Collection[str]) -> float | None:
        seconds = self._run(redis_scripts.WAIT, json.dumps(sorted(tasks)))
        return None if seconds is None else float(seconds)

    def counts(self) -> dict[str, Counts]:
        """Read in pages, so that a long queue holds up nobody; not one moment."""
        found: dict[str, Counts] = {}

        def counts_of(text: Any) -> Counts:
            return found.setdefault(loads(text)["headers"]["task"], Counts())

        with self._faults():
            client: Any = self._connected()
            queue, _, texts, leases, _, claim, _ = self._keys
            for first in range(0, client.llen(queue), PAGE):
                for text in client.lrange(queue, first, first + PAGE - 1):
                    counts_of(text).waiting += 1
            for _, text in client.hscan_iter(texts, count=PAGE):
                counts_of(text).delayed += 1
            for key in client.zrange(leases, 0, -1):
                if text := client.hget(claim + key.decode(), "text"):
                    counts_of(text).running += 1
        return found

    def routes(self) -> dict[str, Any]:
        with self._faults():
            stored = _text(self._connected().hgetall(self._key("routes")))
        return {task: json.loads(route) for task, route in stored.items()}

    def set_route(self, task: str, route: Any) -> None:
        with self._faults():
            client, key = self._connected(), self._key("routes")
            if route is None:
                client.hdel(key, task)
            else:
                client.hset(key, task, json.dumps(route))

    def record(self, tallies: Mapping[str, Tally]) -> None:
        arguments: list[Any] = []
        for task, tally in tallies.items():
            sums, latest = flatten(tally)
            for name, value in sums.items():
                arguments += ["add", f"{task} {name}", value]
            for name, value in latest.items():
                arguments += ["latest", f"{task} {name}", value]
        self._run(redis_scripts.RECORD, *arguments)

    def tallies(self) -> dict[str, Tally]:
        with self._faults():
            stored = _text(self._connected().hgetall(self._key("tallies")))
        found: dict[str, dict[str, float]] = {}
        for field, value in stored.items():
            task, _, name = field.partition(" ")
            found.setdefault(task, {})[name] = float(value)
        return {task: restore(numbers) for task, numbers in found.items()}

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        return self._subscribers.add(wake)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._scripts = None, {}

    def _forget(self, claim: Claim) -> None:
        self._mine.get(claim.owner, set()).discard(claim.key)

    def _run(self, script: str, *arguments: Any) -> Any:
        with self._faults():
            client = self._connected()
            prepared = self._scripts.get(script)
            if prepared is None:
                prepared = self._scripts[script] = client.register_script(script)
            return _text(prepared(keys=self._keys, args=arguments))

    def _key(self, name: str) -> str:
        return f"{self._keys[0]}.{name}"

    def _connected(self) -> Redis:
        if self._client is None:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            # The channel knows about TLS, Sentinel and passwords; its pool is
            # safe to share between threads and notices a fork.
            options = {**PATIENCE, **self._app.conf.broker_transport_options}
            with self._app.connection_for_write(transport_options=options) as broker:
                channel = broker.channel()
                prefix = f"{channel.global_keyprefix}{self._queue}"
                pool = channel.pool
            # With `retry_on_timeout` a script whose answer was lost would be run
            # once more, and store the call twice. The caller gets the error.
            pool.set_retry(Retry(NoBackoff(), 0))
            self._keys = [prefix + name for name in KEYS]
            self._client = Redis(connection_pool=pool)  # last: threads look at it
        return self._client

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except (RedisError, OperationalError) as error:
            message = f"the outbox on the Redis broker refused: {error}"
            raise OutboxUnavailableError(message) from error


def _text(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, dict):
        return {_text(name): _text(value) for name, value in reply.items()}
    if isinstance(reply, list):
        return [_text(part) for part in reply]
    return reply
