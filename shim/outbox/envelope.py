"""A stored message in the form kombu gives messages on a Redis queue.

So a Celery worker that is started on the queue `light` can read what waits there.
"""

from __future__ import annotations

import base64
from typing import Any

from kombu.utils.json import dumps, loads

from ..message import Message

#: Where Celery would have sent the message. The queue's own route replaces it on
#: the way, and the body is to see the original.
ROUTE = "light_route"


def pack(message: Message, key: str, queue: str, *, redelivered: bool = False) -> str:
    """The JSON text that lies in the queue."""
    envelope = loads(message.envelope)
    route = [envelope.get("exchange"), envelope.get("routing_key")]
    delivery_info = {"exchange": "", "routing_key": queue, "redelivered": redelivered}
    properties = {
        **envelope.get("properties", {}),
        "body_encoding": "base64",
        "delivery_tag": key,
        "delivery_info": delivery_info,
    }
    properties.setdefault("delivery_mode", 2)
    headers = {**envelope["headers"], ROUTE: route}
    headers.update(id=message.id, task=message.task)
    return str(
        dumps(
            {
                "body": base64.b64encode(message.body.encode()).decode(),
                "content-type": envelope.get("content_type", "application/json"),
                "content-encoding": envelope.get("content_encoding", "utf-8"),
                "headers": headers,
                "properties": properties,
            }
        )
    )


def unpack(text: str) -> tuple[str, Message, bool]:
    """The key, the message, and whether it is marked as redelivered."""
    payload = loads(text)
    properties = payload["properties"]
    delivery_info = properties.pop("delivery_info", {})
    body = base64.b64decode(payload["body"]).decode()
    properties.pop("body_encoding", None)
    key = properties.pop("delivery_tag")
    message = rebuild(payload["headers"], properties, body, payload)
    return key, message, bool(delivery_info.get("redelivered"))


def rebuild(
    headers: dict[str, Any], properties: dict[str, Any], body: str, parts: Any
) -> Message:
    """The message from what came out of a queue."""
    exchange, routing_key = headers.pop(ROUTE, ("", None))
    headers.pop("redelivered", None)
    envelope = {
        "headers": headers,
        "properties": properties,
        "content_type": parts["content-type"],
        "content_encoding": parts["content-encoding"],
        "exchange": exchange,
        "routing_key": routing_key,
    }
    return Message(headers["id"], headers["task"], None, dumps(envelope), body)
