"""A queue of its own with a worker of its own is a decision about isolation.

Where a worker reads only this queue and has its own concurrency, memory or time limits,
somebody wanted the work kept apart or done one at a time. Where no worker command was
found for a queue that the task names, nobody can tell, and a person has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.queues import chosen_queues, default_queue, limits_of, readers
from migrator.classify.registry import Kind, criterion, note, unknown, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task runs on a queue whose worker has limits of its own.",
    guidance="Keep it, unless the queue was only meant to keep order in the broker.",
    example="""
    inference: celery -A app worker -Q inference -c 1 --time-limit=660
    """,
)
def dedicated_queue(context: TaskContext) -> Iterator[Finding]:
    usual = default_queue(context)
    for queue, location, source in chosen_queues(context):
        if queue is None:
            yield unknown(f"its queue is no literal: {source}", location)
        elif queue != usual:
            yield from _own_queue(context, queue, usual, source)


def _own_queue(
    context: TaskContext, queue: str, usual: str, source: str
) -> Iterator[Finding]:
    workers = readers(context, queue)
    apart = [worker for worker in workers if usual not in worker.queues]
    if not workers:
        text = f"queue {queue!r} ({source}): no worker command was found for it"
        yield unknown(text, context.place)
    elif len(apart) < len(workers):
        text = f"queue {queue!r} is read by the worker of {usual!r}"
        yield note(text, workers[0].location)
    else:
        limits = limits_of(apart[0])
        text = f"queue {queue!r} has a worker of its own"
        if limits:
            yield veto(f"{text}, with {' '.join(limits)}", apart[0].location)
        else:
            yield unknown(f"{text}, without limits", apart[0].location)
