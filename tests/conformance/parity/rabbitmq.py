"""By hand: the cases on RabbitMQ, with Celery and with the shim's outbox in it.

    python -m tests.conformance.parity.rabbitmq [CASE ...]

Prints each case whose outcome differs, and fails when it is not expected to. Not in
the suite: it starts two RabbitMQ, one after the other, and plays for minutes.
"""

from __future__ import annotations

import sys

from tests.conformance.parity.play import play
from tests.servers import rabbitmq_server, redis_server

BROKER_LIMIT = "RabbitMQ refuses Celery's message, the shim keeps `expires` in a header"
OTHER_ERROR = "both refuse the call, with an error of another type or text"
EXPECTED = {
    "request_times_are_text": BROKER_LIMIT,
    "signal_before_publish_may_change_headers": BROKER_LIMIT,
    "option_task_id_is_a_uuid": OTHER_ERROR,
    "option_headers_that_json_cannot": OTHER_ERROR,
}


def main(chosen):
    outcomes = {}
    for side, outbox in (("celery", None), ("broker", "broker")):
        with redis_server() as redis, rabbitmq_server() as broker:
            found = play(side, redis, outbox, broker=broker, chosen=chosen)
            outcomes[side], times = found
        print(f"{side}: {len(outcomes[side])} cases, {times.strip()}", flush=True)
    celery, shim = outcomes["celery"], outcomes["broker"]
    differing = [name for name, outcome in shim.items() if outcome != celery[name]]
    for name in differing:
        why = EXPECTED.get(name, "NOT EXPECTED")
        print(f"{name}: {why}\n  {celery[name]}\n  {shim[name]}")
    unexpected = set(differing) - EXPECTED.keys()
    print(f"{len(differing)} of {len(shim)} differ, {len(unexpected)} not expected")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
