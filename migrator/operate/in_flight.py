"""What of tasks is on its way still: in Celery's broker, its workers, the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import InFlightError
from migrator.operate.shim_process import ask_shim
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from migrator.operate.shim_process import ShimProcess

OF_CELERY = ("queued", "unacknowledged", "active", "reserved", "scheduled")
OF_OUTBOX = ("waiting", "delayed", "running")


@dataclass(frozen=True, slots=True)
class Looked:
    """That nothing was found, and whether a worker was there to be asked."""

    workers_silent: bool


def refuse_in_flight(
    process: ShimProcess, tasks: Collection[str], queues: Sequence[str] = ()
) -> Looked:
    """InFlightError where a message of one of the tasks is anywhere, or cannot be read.

    UsageError where the application, its broker or its outbox cannot be reached.
    """
    flags = [part for name in queues for part in ("--queue", name)]
    celery = ask_shim(process, "drain", *flags)
    outbox = ask_shim(process, "status")
    left = [
        f"{task}: {text}"
        for task in sorted(tasks)
        if (text := _places(celery["tasks"].get(task, {}), outbox.get(task, {})))
    ]
    if celery["unreadable"]:
        left.append(
            f"{counted(celery['unreadable'], 'message')} that could not be read"
        )
    if left:
        raise InFlightError(
            "calls are in flight, and would find no task: " + "; ".join(left),
            where=process.app,
            hint="Nothing was written. Leave the workers and runners running until "
            "`migrate drain` and `migrate status --live` count none.",
        )
    return Looked(bool(celery["workers_silent"]))


def _places(celery: dict[str, Any], outbox: dict[str, Any]) -> str:
    found = [f"{celery[place]} {place}" for place in OF_CELERY if celery.get(place)]
    found += [
        f"{outbox[place]} {place} in the outbox"
        for place in OF_OUTBOX
        if outbox.get(place)
    ]
    return ", ".join(found)
