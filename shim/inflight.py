"""What of each task is still on its way through Celery: read only, and exact.

A Celery broker on Redis keeps messages in several places: the list of each queue,
one list more for each priority, a hash of what workers have taken and not
acknowledged (there are the ETA and retried tasks, too), and the memory of the
workers. All are looked at and nothing is taken out.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kombu.utils.json import loads

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from celery import Celery

WORKER_PLACES = ("active", "reserved", "scheduled")


@dataclass(slots=True)
class InFlight:
    """Counts by task name.

    `queued` waits in a queue. `unacknowledged` was taken by a worker and is not
    done: running, prefetched, or waiting for its ETA. The rest is what live
    workers say about the same messages; `silent` is true when none answered.
    """

    queued: Counter[str] = field(default_factory=Counter)
    unacknowledged: Counter[str] = field(default_factory=Counter)
    active: Counter[str] = field(default_factory=Counter)
    reserved: Counter[str] = field(default_factory=Counter)
    scheduled: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    silent: bool = True

    def left(self, task: str) -> int:
        """How many messages of the task the broker still holds."""
        return self.queued[task] + self.unacknowledged[task]


def in_flight(
    app: Celery, queues: Iterable[str] = (), timeout: float = 1.0
) -> InFlight:
    """Look at the broker of `app` and ask its workers, for `timeout` seconds.

    `queues` are looked at beside the queues that the app is configured with.
    Raises ConfigurationError when the broker is not Redis, whose queues alone can
    be read without taking messages out.
    """
    found = InFlight()
    with app.connection_for_read() as connection:
        if connection.transport.driver_type != "redis":
            message = (
                f"the broker is {connection.transport.driver_type}: only the queues of "
                "Redis can be read without taking messages out"
            )
            raise ConfigurationError(message)
        channel = connection.default_channel
        names = {*app.amqp.queues, app.conf.task_default_queue, *queues}
        for payload in _queued(channel, names):
            _count(found, found.queued, payload)
        for payload in _unacknowledged(channel):
            _count(found, found.unacknowledged, payload)
    _ask_workers(app, found, timeout)
    return found


def _queued(channel: Any, names: Iterable[str]) -> Iterator[Any]:
    for name in sorted(names):
        for priority in channel.priority_steps:
            key = channel._q_for_pri(name, priority)  # noqa: SLF001 - kombu's key
            yield from channel.client.lrange(key, 0, -1)


def _unacknowledged(channel: Any) -> Iterator[Any]:
    for entry in channel.client.hvals(channel.unacked_key):
        yield loads(entry)[0]


def _count(found: InFlight, place: Counter[str], payload: Any) -> None:
    try:
        place[task_name(payload)] += 1
    except (KeyError, TypeError, ValueError):
        found.unreadable += 1


def task_name(payload: Any) -> str:
    """The task of a message in a Redis queue, of message protocol 2 or 1."""
    message = payload if isinstance(payload, dict) else loads(payload)
    if "task" in message["headers"]:
        return str(message["headers"]["task"])
    body = base64.b64decode(message["body"])
    return str(loads(body)["task"])


def _ask_workers(app: Celery, found: InFlight, timeout: float) -> None:
    inspect = app.control.inspect(timeout=timeout)
    for place in WORKER_PLACES:
        answers = getattr(inspect, place)() or {}
        found.silent = found.silent and not answers
        for requests in answers.values():
            for request in requests:
                name = (request.get("request") or request)["name"]
                getattr(found, place)[name] += 1
