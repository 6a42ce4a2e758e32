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
    done: prefetched, waiting for its ETA, or running with a late acknowledgement.
    The rest is what live workers say; `silent` is true when none answered.
    `in_workers` is the part of it that the broker no longer holds: early tasks
    that run.
    """

    queued: Counter[str] = field(default_factory=Counter)
    unacknowledged: Counter[str] = field(default_factory=Counter)
    active: Counter[str] = field(default_factory=Counter)
    reserved: Counter[str] = field(default_factory=Counter)
    scheduled: Counter[str] = field(default_factory=Counter)
    in_workers: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    silent: bool = True

    def left(self, task: str) -> int:
        """How many calls of the task the broker or a worker still holds."""
        return self.queued[task] + self.unacknowledged[task] + self.in_workers[task]


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
        held: set[str] = set()
        for payload in _queued(channel, names):
            _count(found, found.queued, payload, held)
        for payload in _unacknowledged(channel):
            _count(found, found.unacknowledged, payload, held)
    _ask_workers(app, found, timeout, held)
    return found


def _queued(channel: Any, names: Iterable[str]) -> Iterator[Any]:
    for name in sorted(names):
        for priority in channel.priority_steps:
            key = channel._q_for_pri(name, priority)  # noqa: SLF001 - kombu's key
            yield from channel.client.lrange(key, 0, -1)


def _unacknowledged(channel: Any) -> Iterator[Any]:
    for entry in channel.client.hvals(channel.unacked_key):
        yield loads(entry)[0]


def _count(found: InFlight, place: Counter[str], payload: Any, held: set[str]) -> None:
    try:
        task, task_id = task_and_id(payload)
    except (KeyError, TypeError, ValueError):
        found.unreadable += 1
    else:
        place[task] += 1
        held.add(task_id)


def task_and_id(payload: Any) -> tuple[str, str]:
    """What a message in a Redis queue calls, of message protocol 2 or 1."""
    message = payload if isinstance(payload, dict) else loads(payload)
    named = message["headers"]
    if "task" not in named:
        named = loads(base64.b64decode(message["body"]))
    return str(named["task"]), str(named["id"])


def _ask_workers(app: Celery, found: InFlight, timeout: float, held: set[str]) -> None:
    """Count what workers have, by place, and what the broker does not hold."""
    seen = set(held)
    inspect = app.control.inspect(timeout=timeout)
    for place in WORKER_PLACES:
        answers = getattr(inspect, place)() or {}
        found.silent = found.silent and not answers
        for requests in answers.values():
            for request in requests:
                about = request.get("request") or request
                getattr(found, place)[about["name"]] += 1
                if about["id"] not in seen:
                    seen.add(about["id"])
                    found.in_workers[about["name"]] += 1
