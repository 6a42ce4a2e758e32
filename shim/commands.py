"""What `python -m shim` answers besides running: JSON, for tools and for people."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from . import settings
from .handover import hand_over
from .inflight import InFlight, in_flight
from .routes import KEPT_FOR, percentage
from .tally import Counts, Tally

if TYPE_CHECKING:
    from celery import Celery


def status(app: Celery) -> dict[str, Any]:
    """For each task: what waits and runs, what became of runs, its stored route."""
    outbox = settings.current_outbox(app)
    counts, tallies, routes = outbox.counts(), outbox.tallies(), outbox.routes()
    return {
        task: {
            **asdict(counts.get(task, Counts())),
            **_summary(tallies.get(task, Tally())),
            "route": routes.get(task),
        }
        for task in sorted({*counts, *tallies, *routes})
    }


def _summary(tally: Tally) -> dict[str, Any]:
    return {
        "succeeded": tally.succeeded,
        "failed": tally.failed,
        "retried": tally.retried,
        "p50": tally.percentile(0.5),
        "p95": tally.percentile(0.95),
        "last_success": tally.last_success,
        "last_failure": tally.last_failure,
    }


def route(app: Celery, task: str, to: Any, *, drain: bool = False) -> dict[str, Any]:
    """Set the stored route of a task, and with `drain` hand over what waits.

    `to` is "light", "celery", a percentage, or None to remove the route. With
    `drain` it hands over twice: at once, and after every process has read the new
    route. Raises ConfigurationError for any other `to`.
    """
    if to is not None:
        percentage(to)
    outbox = settings.current_outbox(app)
    outbox.set_route(task, to)
    moved = 0
    if drain:
        moved += hand_over(app, outbox, [task]).get(task, 0)
        time.sleep(KEPT_FOR + 0.5)
        moved += hand_over(app, outbox, [task]).get(task, 0)
    return {"task": task, "route": to, "handed_over": moved}


def drain(app: Celery, queues: tuple[str, ...] = ()) -> dict[str, Any]:
    """For each task: where its messages still are on Celery's side."""
    found = in_flight(app, queues)
    places = ("queued", "unacknowledged", "active", "reserved", "scheduled")
    tasks = sorted({task for place in places for task in getattr(found, place)})
    return {
        "tasks": {task: _places(found, places, task) for task in tasks},
        "unreadable": found.unreadable,
        "workers_silent": found.silent,
    }


def _places(found: InFlight, places: tuple[str, ...], task: str) -> dict[str, int]:
    counts = {place: getattr(found, place)[task] for place in places}
    return {**counts, "left": found.left(task)}
