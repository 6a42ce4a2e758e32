"""The existing RabbitMQ broker as the outbox, in a queue of its own beside Celery's.

A queue is no table, so this outbox promises less than the others. What is kept: a
call survives its caller, is in one process's hands at a time, an early task never
runs twice, and a late one runs again. What RabbitMQ has no place for is listed at
`AmqpOutbox`.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celery.utils import uuid
from kombu.entity import Queue
from kombu.utils.json import loads

from ..errors import ConfigurationError, OutboxUnavailableError
from ..message import Claim, Message, due_time
from ..tally import Counts, Tally
from . import Subscribers
from .envelope import ROUTE, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from celery import Celery

logger = logging.getLogger(__name__)

HEARTBEAT = 60
LOOKS = 200  # messages that one claim looks at, at most
#: RabbitMQ closes a channel that keeps a message for half an hour; what is not due
#: goes back long before that.
KEEP_UNDUE = 600.0
AGAIN = "light_redelivered"


@dataclass(slots=True)
class _Delivery:
    raw: Any
    message: Message
    redelivered: bool
    since: float
    started: bool = False
    acknowledged: bool = False


class _Link:
    """A connection of this process, and the messages it was given over it."""

    def __init__(self, app: Celery, name: str, heartbeat: int) -> None:
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.connection = app.connection_for_write(
            heartbeat=heartbeat, transport_options={"confirm_publish": True}
        )
        self.channel = self.connection.channel()
        self.producer = self.connection.Producer(self.channel)
        self.queue = Queue(name, durable=True, routing_key=name)(self.channel)
        self.queue.declare()
        self.claimed: dict[str, _Delivery] = {}
        self.undue: dict[str, _Delivery] = {}


class AmqpOutbox:
    """An outbox in RabbitMQ's queue `light`, which a Celery worker can consume.

    Without a place of its own it differs from the contract of `Outbox`:

    - A retry is visible at once, as with Celery.
    - A body that dies with its process leaves no record; early tasks keep the state
      they had, as with Celery.
    - `revoke` reaches calls that this process holds; a warning says so.
    - Routes are refused, and tallies are those of this process.
    - Whatever was in a process's hands comes back marked as redelivered.
    """

    shared = True

    def __init__(self, app: Celery, queue: str = "light") -> None:
        self._app = app
        self._queue = queue
        # A process that only puts is silent for hours, and sends no heartbeats.
        self._links: dict[int, _Link] = {}
        self._opening = threading.Lock()
        self._subscribers = Subscribers()
        self._revoked: set[str] = set()
        self._tallies: dict[str, Tally] = {}

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        del held_by
        with self._linked(heartbeat=0) as link:
            for message in messages:
                self._publish(link, message)
        self._subscribers.tell()

    def put_claimed(self, message: Message, owner: str, lease: float) -> None:
        """Only store it: RabbitMQ gives a message when it is asked for one."""
        del owner, lease
        self.put([message])

    def claim(
        self,
        owner: str,
        tasks: Collection[str],
        limit: int,
        lease: float,
        *,
        ahead: bool = False,
    ) -> list[Claim]:
        del lease  # a connection that ends is the lease
        with self._linked() as link:
            self._return_old(link)
            found = self._due_here(link, tasks, limit, ahead=ahead)
            foreign = []
            for _ in range(LOOKS):
                if len(found) >= limit or (raw := link.queue.get(no_ack=False)) is None:
                    break
                delivery = self._received(raw)
                if delivery.message.task not in tasks:
                    foreign.append(raw)
                elif ahead or _is_due(delivery):
                    found.append(self._keep(link.claimed, delivery))
                else:
                    self._keep(link.undue, delivery)
            for raw in foreign:
                raw.requeue()
            return [self._claim(link.claimed[key], key, owner) for key in found]

    def start(self, claim: Claim, *, late: bool) -> bool:
        with self._linked() as link:
            delivery = link.claimed.get(claim.key)
            if delivery is None or delivery.started:
                return False
            if not late:
                delivery.raw.ack()
                # An answer on the same channel comes after the acknowledgement
                # took effect; without it a lost connection could run a task twice.
                link.queue.queue_declare(passive=True)
                delivery.acknowledged = True
            delivery.started = True
            return True

    def finish(self, claim: Claim) -> None:
        with self._linked() as link:
            delivery = link.claimed.pop(claim.key, None)
            if delivery is not None and not delivery.acknowledged:
                delivery.raw.ack()

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        with self._linked() as link:
            delivery = link.claimed.pop(claim.key, None)
            if delivery is None:
                return
            if delivery.acknowledged:
                self._publish(link, claim.message, redelivered=redelivered)
            else:
                delivery.raw.requeue()
        self._subscribers.tell()

    def extend(self, owner: str, lease: float) -> None:
        del owner, lease
        with self._linked() as link:
            self._beat(link)

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        """Nothing: RabbitMQ itself offers again what a dead process held."""
        del owner, tasks, lease
        return []

    def revoke(self, task_ids: Collection[str]) -> None:
        self._revoked.update(task_ids)
        logger.warning(
            "the outbox on RabbitMQ revokes only what this process holds or will "
            "take; other runners may still run %s",
            ", ".join(task_ids),
        )

    def wait(self, tasks: Collection[str]) -> float | None:
        with self._linked() as link:
            self._beat(link)
            now = time.time()
            waits = [
                delivery.message.due - now
                for delivery in link.undue.values()
                if delivery.message.due and delivery.message.task in tasks
            ]
            return min(waits, default=None)

    def counts(self) -> dict[str, Counts]:
        """What lies in the queue under the name `*`, and what this process holds."""
        with self._linked() as link:
            found: dict[str, Counts] = {}
            ready = link.queue.queue_declare(passive=True).message_count
            if ready:
                found["*"] = Counts(waiting=ready)
            for delivery in link.undue.values():
                found.setdefault(delivery.message.task, Counts()).delayed += 1
            for delivery in link.claimed.values():
                found.setdefault(delivery.message.task, Counts()).running += 1
            return found

    def routes(self) -> dict[str, Any]:
        return {}

    def set_route(self, task: str, route: Any) -> None:
        message = (
            f"the outbox on RabbitMQ has no place for the route {route!r} of {task}: "
            "set SHIM_ROUTES to the path of a file"
        )
        raise ConfigurationError(message)

    def record(self, tallies: Mapping[str, Tally]) -> None:
        for task, tally in tallies.items():
            self._tallies.setdefault(task, Tally()).merge(tally)

    def tallies(self) -> dict[str, Tally]:
        return dict(self._tallies)

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        remove = self._subscribers.add(wake)

        def stop() -> None:
            remove()
            if link := self._links.get(HEARTBEAT):
                self._return_old(link, older_than=0.0)

        return stop

    def close(self) -> None:
        links, self._links = self._links, {}
        for link in links.values():
            if link.pid == os.getpid():
                link.connection.release()

    def _claim(self, delivery: _Delivery, key: str, owner: str) -> Claim:
        message = delivery.message
        revoked = message.id in self._revoked
        return Claim(key, message, owner, delivery.redelivered, revoked)

    def _received(self, raw: Any) -> _Delivery:
        headers = dict(raw.headers)
        again = bool(headers.pop(AGAIN, False)) or bool(
            raw.delivery_info["redelivered"]
        )
        due = due_time(self._app, headers.get("eta"))
        body = raw.body if isinstance(raw.body, str) else bytes(raw.body).decode()
        parts = {
            "content-type": raw.content_type,
            "content-encoding": raw.content_encoding,
        }
        properties = headers.pop("light_properties", {})
        built = rebuild(headers, properties, body, parts)
        message = Message(built.id, built.task, due, built.envelope, built.body)
        return _Delivery(raw, message, again, time.monotonic())

    def _due_here(
        self, link: _Link, tasks: Collection[str], limit: int, *, ahead: bool
    ) -> list[str]:
        ready = [
            key
            for key, delivery in link.undue.items()
            if delivery.message.task in tasks and (ahead or _is_due(delivery))
        ][:limit]
        for key in ready:
            link.claimed[key] = link.undue.pop(key)
        return ready

    def _keep(self, place: dict[str, _Delivery], delivery: _Delivery) -> str:
        key = str(uuid())
        place[key] = delivery
        return key

    def _beat(self, link: _Link) -> None:
        link.queue.queue_declare(passive=True)  # reads what RabbitMQ has sent
        link.connection.heartbeat_check()

    def _return_old(self, link: _Link, older_than: float = KEEP_UNDUE) -> None:
        if link.pid != os.getpid():
            return
        limit = time.monotonic() - older_than
        with link.lock:
            old = [key for key, one in link.undue.items() if one.since <= limit]
            for key in old:
                link.undue.pop(key).raw.requeue()

    def _publish(
        self, link: _Link, message: Message, *, redelivered: bool = False
    ) -> None:
        envelope = loads(message.envelope)
        # Properties travel in a header: RabbitMQ would drop an expired message
        # without a trace, and we say REVOKED as Celery's workers do.
        headers = {
            **envelope["headers"],
            "id": message.id,
            "task": message.task,
            "light_properties": envelope.get("properties", {}),
            ROUTE: [envelope.get("exchange"), envelope.get("routing_key")],
        }
        if redelivered:
            headers[AGAIN] = True
        link.producer.publish(
            message.body,
            content_type=envelope.get("content_type", "application/json"),
            content_encoding=envelope.get("content_encoding", "utf-8"),
            headers=headers,
            exchange="",
            routing_key=self._queue,
            correlation_id=message.id,
            reply_to=envelope.get("properties", {}).get("reply_to", ""),
            delivery_mode=2,
        )

    @contextmanager
    def _linked(self, heartbeat: int = HEARTBEAT) -> Iterator[_Link]:
        try:
            with self._opening:
                link = self._links.get(heartbeat)
                if link is None or link.pid != os.getpid():
                    link = _Link(self._app, self._queue, heartbeat)
                    self._links[heartbeat] = link
            with link.lock:
                yield link
        except _faults(self._app) as error:
            # Everything that was not acknowledged is with RabbitMQ again.
            self._links.pop(heartbeat, None)
            message = f"the outbox on the RabbitMQ broker refused: {error}"
            raise OutboxUnavailableError(message) from error


def _is_due(delivery: _Delivery) -> bool:
    return delivery.message.due is None or delivery.message.due <= time.time()


def _faults(app: Celery) -> tuple[type[BaseException], ...]:
    broker = app.connection_for_write()
    return (
        *broker.recoverable_connection_errors,
        *broker.recoverable_channel_errors,
        *broker.channel_errors,
    )
