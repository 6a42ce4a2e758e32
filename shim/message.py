"""A Celery task message at rest: what an outbox stores and a runner executes.

The format is Celery's message protocol 2, so that a stored message can be handed
to a Celery worker at any time. See
https://docs.celeryq.dev/en/stable/internals/protocol.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from celery.utils.time import maybe_iso8601, maybe_make_aware
from kombu import serialization
from kombu.message import Message as KombuMessage
from kombu.utils.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery import Celery


@dataclass(frozen=True, slots=True)
class Message:
    """One call of a task, already encoded.

    `due` is seconds since the epoch, None means at once. `envelope` and `body` are
    JSON texts: the first holds headers, properties and where Celery would have sent
    the message, the second the arguments and the canvas parts. Later changes of the
    arguments by the caller are not seen.
    """

    id: str
    task: str
    due: float | None
    envelope: str
    body: str


@dataclass(slots=True)
class Claim:
    """A message in the hands of one runner, until `lease` seconds run out."""

    key: Any
    message: Message
    owner: str
    redelivered: bool = False
    revoked: bool = False
    tag: Any = field(default=None, repr=False)


def encode(
    app: Celery,
    body: Any,
    headers: Mapping[str, Any],
    serializer: str | None,
    delivery: Mapping[str, Any],
) -> Message:
    """The message of one publish call; kombu's EncodeError when it is not JSON."""
    content_type, content_encoding, data = serialization.dumps(body, serializer)
    envelope = {
        "headers": headers,
        "content_type": content_type,
        "content_encoding": content_encoding,
        **delivery,
    }
    return Message(
        id=str(headers["id"]),  # callers may give a UUID object
        task=headers["task"],
        due=due_time(app, headers.get("eta")),
        envelope=dumps(envelope),
        body=data,
    )


def due_time(app: Celery, eta: str | None) -> float | None:
    """When a message with this `eta` header may start, in seconds since the epoch."""
    if not eta:
        return None
    when = maybe_make_aware(maybe_iso8601(eta), app.timezone)
    return float(when.timestamp())


def decode(message: Message, *, redelivered: bool) -> KombuMessage:
    """The message as a worker's consumer would have received it."""
    envelope = loads(message.envelope)
    return KombuMessage(
        body=message.body,
        content_type=envelope["content_type"],
        content_encoding=envelope["content_encoding"],
        headers=envelope["headers"],
        properties=envelope["properties"],
        delivery_info={
            "exchange": envelope["exchange"],
            "routing_key": envelope["routing_key"],
            "redelivered": redelivered,
        },
        accept={envelope["content_type"]},
    )
