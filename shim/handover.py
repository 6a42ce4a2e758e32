"""Back to Celery: what waits in the outbox goes to the queue it was meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery.utils import uuid
from kombu.utils.json import loads

if TYPE_CHECKING:
    from collections.abc import Collection

    from celery import Celery

    from .message import Claim, Message
    from .outbox import Outbox

BATCH = 50
LEASE = 60.0


def hand_over(app: Celery, outbox: Outbox, tasks: Collection[str]) -> dict[str, int]:
    """Publish every waiting message of these tasks to Celery; the count by task.

    Messages that are not due yet keep their time. What is running stays. Route the
    tasks to `celery` first, or new calls keep coming. A message is marked as
    begun before it is published, so that a crash in between is recorded as a loss
    and never runs twice. Raises kombu's OperationalError when the broker is down;
    the message at hand is then handed back.
    """
    owner = f"hand-over:{uuid()}"
    moved: dict[str, int] = {}
    while claims := outbox.claim(owner, tasks, BATCH, LEASE, ahead=True):
        for position, claim in enumerate(claims):
            try:
                _move(app, outbox, claim)
            except BaseException:
                for rest in claims[position:]:
                    outbox.release(rest)
                raise
            moved[claim.message.task] = moved.get(claim.message.task, 0) + 1
    return moved


def _move(app: Celery, outbox: Outbox, claim: Claim) -> None:
    if outbox.start(claim, late=False):
        publish(app, claim.message)
        outbox.finish(claim)


def publish(app: Celery, message: Message) -> None:
    """Send a stored message where Celery would have sent it."""
    envelope = loads(message.envelope)
    properties: dict[str, Any] = envelope["properties"]
    if "expiration" in properties:
        properties["expiration"] = int(properties["expiration"]) / 1000
    exchange, routing_key = envelope["exchange"], envelope["routing_key"]
    declare = None if exchange else [app.amqp.queues[routing_key]]
    with app.producer_or_acquire() as producer:
        producer.publish(
            message.body,
            content_type=envelope["content_type"],
            content_encoding=envelope["content_encoding"],
            headers=envelope["headers"],
            exchange=exchange,
            routing_key=routing_key,
            declare=declare,
            retry=True,
            **properties,
        )
