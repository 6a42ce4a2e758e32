"""Which queues a task goes to, and which workers read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.vocabulary import names
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Location, Option, ProcessCommand

Choice = tuple[str | None, "Location", str]  # None: no literal

CELERY_DEFAULT = "celery"
LIMITS = names("""
    -B --autoscale --beat --max-memory-per-child --max-tasks-per-child --pool
    --soft-time-limit --time-limit -P
    """)


def default_queue(context: TaskContext) -> str:
    found = context.setting("task_default_queue")
    return str(found[0]) if found else CELERY_DEFAULT


def chosen_queues(context: TaskContext) -> Iterator[Choice]:
    """Every queue that a decorator, a route, a call or a schedule names."""
    own = context.option("queue")
    if own is not None:
        yield _choice(own, context.task.decorator)
    else:
        yield from _routed(context)
    kinds = (CallKind.APPLY_ASYNC, CallKind.SEND_TASK, CallKind.SIGNATURE)
    for site in context.called_as(*kinds):
        for option in site.options:
            if option.name == "queue":
                yield _choice(option, site.location)
    for entry in context.schedules:
        for option in entry.options:
            if option.name == "queue":
                yield _choice(option, entry.location)


def _choice(option: Option, location: Location) -> Choice:
    value = option.value if isinstance(option.value, str) else None
    if option.is_literal and option.value is None:
        value = CELERY_DEFAULT
    return value, location, f"{option.name}={option.source}"


def _routed(context: TaskContext) -> Iterator[Choice]:
    """Of several fitting routes the first counts, as in Celery."""
    for route in context.project.routes:
        if route.fits(context.task.name):
            yield route.queue, route.location, f"task_routes {route.source}"
            return


def readers(context: TaskContext, queue: str) -> list[ProcessCommand]:
    return [worker for worker in context.project.workers if queue in worker.queues]


def limits_of(worker: ProcessCommand) -> list[str]:
    found = [f"{n}={v}" if v else n for n, v in worker.options if n in LIMITS]
    if worker.concurrency is not None:
        found.insert(0, f"-c {worker.concurrency}")
    return found
