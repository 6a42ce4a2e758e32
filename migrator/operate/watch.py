"""Records the events of live workers for a while, and sums them up.

Only what `events.EventJoin` picks out of an event is kept: names, times, outcomes.
https://docs.celeryq.dev/en/stable/userguide/monitoring.html#events
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from migrator.errors import MigratorError
from migrator.operate.evidence.events import EventJoin
from migrator.operate.evidence.samples import Samples
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from migrator.model import Evidence

STEP = 0.5  # seconds between two looks at the clock
REPLY_TIMEOUT = 2.0  # seconds that workers have to answer a control command


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen. `switched`: workers whose task events were on only meanwhile."""

    evidence: tuple[Evidence, ...]
    events: int  # of tasks
    nameless: int  # ends of runs that had begun before
    workers: tuple[str, ...]
    seconds: float
    switched: tuple[str, ...] = ()
    is_whole: bool = True  # False: Ctrl-C came first


class NoEventsError(MigratorError):
    """Nothing was heard of any task."""


class BrokerError(MigratorError):
    """The broker cannot be reached, or does not let us in."""


def watch(
    broker_url: str,
    seconds: float,
    *,
    may_switch_on: bool = False,
    transport_options: Mapping[str, Any] | None = None,
    on_progress: Callable[[float, int], None] | None = None,
) -> Watched:
    """Listen to the broker's event exchange for `seconds`, then sum up.

    A worker without -E sends no task events. With `may_switch_on` they are switched on
    by remote control where they are off, and off again there at the end. Ctrl-C ends
    it early: what was heard by then is returned, or KeyboardInterrupt raised where
    that is nothing. NoEventsError where no task was heard of, BrokerError where the
    broker is out of reach. `on_progress` is called about twice a second with the
    seconds gone and the number of task events. Nothing is consumed from task queues.
    """
    from celery import Celery

    app = Celery("migrate-watch", broker=broker_url, set_as_current=False)
    app.conf.broker_transport_options = dict(transport_options or {})
    where = _without_password(broker_url)
    recorder = _Recorder(Samples(source=where), on_progress)
    switched: tuple[str, ...] = ()
    started = time.monotonic()
    with _reachable(where), app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": recorder.take})
        # The receiver listens on a clone of the connection, which it hands out.
        with receiver.consumer_context(wakeup=True) as (listening, _, _):
            if may_switch_on:
                switched = _switch_on(app)
            try:
                is_whole = _listen(listening, started, seconds, recorder)
            finally:
                if switched:
                    app.control.disable_events(destination=list(switched))
    if not recorder.join.taken:
        raise _nothing_heard(recorder, where) if is_whole else KeyboardInterrupt
    watched = recorder.watched(time.monotonic() - started, switched)
    return replace(watched, is_whole=is_whole)


@contextmanager
def _reachable(where: str) -> Iterator[None]:
    """Kombu's errors of a broker as one of ours, without its password."""
    from kombu.exceptions import KombuError

    try:
        yield
    except (KombuError, OSError) as error:
        raise BrokerError(
            f"the broker refused: {error}",
            where=where,
            hint="Check the URL, the account and whether the broker is up.",
        ) from error


def _switch_on(app: Any) -> tuple[str, ...]:
    """The workers whose task events had been off."""
    replies = app.control.enable_events(reply=True, timeout=REPLY_TIMEOUT)
    return tuple(
        sorted(
            worker
            for reply in replies or ()
            for worker, answer in reply.items()
            if answer == {"ok": "task events enabled"}
        )
    )


def _nothing_heard(recorder: _Recorder, where: str) -> NoEventsError:
    if recorder.workers:
        heard = (
            f"events of {counted(len(recorder.workers), 'worker')}, and none of a task"
        )
    else:
        heard = "no worker was heard"
    return NoEventsError(
        heard,
        where=where,
        hint="Start the workers with -E, or let `watch` switch their events on.",
    )


class _Recorder:
    def __init__(
        self, samples: Samples, on_progress: Callable[[float, int], None] | None
    ) -> None:
        self.samples = samples
        self.join = EventJoin(samples)
        self.workers: set[str] = set()
        self.on_progress = on_progress

    def take(self, event: Mapping[str, Any]) -> None:
        if isinstance(name := event.get("hostname"), str):
            self.workers.add(name)
        self.join.take(event)

    def watched(self, seconds: float, switched: tuple[str, ...]) -> Watched:
        return Watched(
            self.samples.summary(),
            self.join.taken,
            self.join.nameless,
            tuple(sorted(self.workers)),
            seconds,
            switched,
        )


def _listen(
    connection: Any, started: float, seconds: float, recorder: _Recorder
) -> bool:
    """Handle what arrives until `seconds` after `started`; False when interrupted."""
    try:
        while (gone := time.monotonic() - started) < seconds:
            if recorder.on_progress is not None:
                recorder.on_progress(gone, recorder.join.taken)
            with suppress(TimeoutError):
                connection.drain_events(timeout=min(STEP, seconds - gone))
    except KeyboardInterrupt:
        return False
    return True


def _without_password(url: str) -> str:
    from kombu.utils.url import maybe_sanitize_url

    return str(maybe_sanitize_url(url))
