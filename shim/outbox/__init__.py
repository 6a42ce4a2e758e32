"""Where calls of light tasks wait: the contract, and the choice of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..message import Claim, Message
    from ..tally import Counts, Tally

#: As long as Celery's workers remember an id (`celery.worker.state.REVOKE_EXPIRES`).
REVOKED_FOR = 10_800.0


@runtime_checkable
class Outbox(Protocol):
    """A durable store of messages.

    An implementation owes, from any thread and from any number of processes:

    - `put` returns only when the messages survive the death of the caller.
    - A message is in the hands of at most one owner at a time.
    - A claim that was never started is offered again when its lease ends.
    - A claim that was started `late` is offered again, marked as redelivered.
    - A claim that was started early is never offered again; `reclaim` hands it,
      once, to an owner that records the loss.

    Every method may raise `OutboxUnavailableError`; then nothing has changed.
    """

    #: False when another process cannot see what this one puts.
    shared: bool

    def put(self, messages: Sequence[Message], held_by: Claim | None = None) -> None:
        """Store messages.

        Those held by a claim become visible when it is finished, or when its owner
        is found dead.
        """

    def put_claimed(self, message: Message, owner: str, lease: float) -> Claim | None:
        """Store a message that is due, and claim it, in one step.

        None: it is stored, but this outbox cannot claim in the same step.
        """

    def claim(
        self,
        owner: str,
        tasks: Collection[str],
        limit: int,
        lease: float,
        *,
        ahead: bool = False,
    ) -> list[Claim]:
        """Take up to `limit` due messages of these tasks, oldest first.

        With `ahead`, also those that are not due yet.
        """

    def start(self, claim: Claim, *, late: bool) -> bool:
        """Record that the body begins. False: the claim was lost, do not run it."""

    def finish(self, claim: Claim) -> None:
        """Remove the message and show the messages it holds. Idempotent."""

    def release(self, claim: Claim, *, redelivered: bool = False) -> None:
        """Hand the message back at once."""

    def extend(self, owner: str, lease: float) -> None:
        """Keep everything that this owner holds for `lease` seconds from now."""

    def revoke(self, task_ids: Collection[str]) -> None:
        """Mark what waits under these ids, or is put later, as not to be run.

        The end of a chain is revoked before it is put. Ids are remembered for
        `REVOKED_FOR` seconds at least.
        """

    def reclaim(self, owner: str, tasks: Collection[str], lease: float) -> list[Claim]:
        """Offer again what dead owners held; return what must not run again."""

    def wait(self, tasks: Collection[str]) -> float | None:
        """Seconds until the first message that nobody holds is due.

        None: there is no such message. Zero or less: one is due.
        """

    def counts(self) -> dict[str, Counts]:
        """How many messages of each task wait and run."""

    def routes(self) -> dict[str, Any]:
        """The routes that were set here, for all processes."""

    def set_route(self, task: str, route: Any) -> None:
        """Set the route of a task, or with None remove it."""

    def record(self, tallies: Mapping[str, Tally]) -> None:
        """Add what became of runs."""

    def tallies(self) -> dict[str, Tally]:
        """What became of all runs that were recorded, by task."""

    def on_put(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` after every put of this process; returns the way to stop it."""

    def close(self) -> None:
        """Give back connections. The store can be used again afterwards."""


class Subscribers:
    """Callbacks of runners in this process, told about every put."""

    def __init__(self) -> None:
        self._wakes: list[Callable[[], None]] = []

    def add(self, wake: Callable[[], None]) -> Callable[[], None]:
        self._wakes = [*self._wakes, wake]

        def remove() -> None:
            self._wakes = [other for other in self._wakes if other is not wake]

        return remove

    def tell(self) -> None:
        for wake in self._wakes:
            wake()
