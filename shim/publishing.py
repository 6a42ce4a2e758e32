"""The way of a call: from Celery's own publishing code into the outbox.

Everything that publishes a task ends in `Celery.send_task`: `delay`, `apply_async`,
signatures, retries, chains that a worker continues, `send_task` itself. That one
method is wrapped when the first light task is declared. For a light task it hands
Celery's code a stand-in producer; for all others it adds one look into a dict.
`Control.revoke` is wrapped too, because a broadcast does not reach a runner.
"""

from __future__ import annotations

import functools
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from celery.app.base import Celery
from celery.app.control import Control
from celery.utils import uuid
from celery.utils.functional import maybe_list

from . import lifecycle, settings
from .message import encode
from .options import refuse_options, refuse_task
from .routes import goes_light
from .transactions import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Task

    from .message import Claim, Message
    from .outbox import Outbox

#: The attribute that makes a task a light task, in whatever app it is registered.
MARK = f"_light_task_of_{__package__}"
CHECKED = "checked"

_declared: set[str] = set()
_wrapped: list[bool] = []
_running = threading.local()


def declare(name: str | None) -> None:
    """Note the name of a light task before any app has created the task."""
    if not _wrapped:
        _wrapped.append(True)
        _wrap_send_task()
        _wrap_revoke()
    if name:
        _declared.add(name)


def is_light(app: Celery, name: str | None) -> bool:
    task = _registered(app, name)
    if task is None:
        return name in _declared
    return hasattr(task, MARK)


def _registered(app: Celery, name: str | None) -> Task | None:
    try:
        return app._tasks[name]  # noqa: SLF001 - `tasks` would finalize the app
    except KeyError:
        return None


def light_names(app: Celery) -> set[str]:
    """The light tasks of a finalized app; each is checked for what it asks."""
    tasks = [task for task in app.tasks.values() if hasattr(task, MARK)]
    for task in tasks:
        _check(task)
    return {task.name for task in tasks}


def _check(task: Task) -> None:
    if getattr(task, MARK) != CHECKED:
        refuse_task(task)
        setattr(task, MARK, CHECKED)


@contextmanager
def executing(claim: Claim) -> Iterator[None]:
    """While a body runs, hold back what is published under its own task id.

    That is its retry. It is stored at once, and becomes visible when this attempt
    has stored its state, so that two attempts never overlap.
    """
    _running.claim = claim
    try:
        yield
    finally:
        _running.claim = None


class OutboxProducer:
    """Stands in for `kombu.Producer`: a task message goes into the outbox.

    Anything else that Celery publishes with it, such as `task-sent` events, goes
    to the broker as before.
    """

    serializer = None

    def __init__(self, app: Celery, outbox: Outbox) -> None:
        self._app = app
        self._outbox = outbox
        self._stack = ExitStack()
        self._real: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def connection(self) -> OutboxProducer:
        return self

    @property
    def channel(self) -> Any:
        """A real channel, for result backends that declare a reply queue."""
        return self._real_producer().channel

    @contextmanager
    def _reraise_as_library_errors(self) -> Iterator[None]:
        yield

    def publish(self, body: Any, **options: Any) -> None:
        headers = options.get("headers") or {}
        if "id" not in headers or not is_light(self._app, headers.get("task")):
            # No message of a light task. The caller's own headers may have renamed
            # it, and a worker says so, where a runner would leave it for ever.
            self._real_producer().publish(body, **options)
            return
        message = encode(
            self._app, body, headers, options["serializer"], _delivery(options)
        )
        claim = getattr(_running, "claim", None)
        if claim is not None and claim.message.id == message.id:
            self._outbox.put([message], held_by=claim)
        elif not (message.due is None and _taken_here(message, self._outbox)):
            self._outbox.put([message])

    def _real_producer(self) -> Any:
        if self._real is None:
            self._real = self._stack.enter_context(self._app.producer_or_acquire())
        return self._real


def _taken_here(message: Message, outbox: Outbox) -> bool:
    """Whether the runner of this process has a free thread and took the message."""
    here = lifecycle.current_runner()
    if here is None or here.outbox is not outbox or joined() is not None:
        return False
    return here.take(message)


#: Arguments of `Producer.publish` that say how to reach a broker, not what to send.
_TRANSPORT = frozenset(
    {
        "headers",
        "serializer",
        "compression",
        "retry",
        "retry_policy",
        "declare",
        "timeout",
        "confirm_timeout",
        "exchange",
        "routing_key",
    }
)


def _delivery(options: dict[str, Any]) -> dict[str, Any]:
    exchange = options.get("exchange")
    properties = {k: v for k, v in options.items() if k not in _TRANSPORT}
    properties.setdefault("priority", 0)
    if (seconds := properties.get("expiration")) is not None:
        properties["expiration"] = str(int(seconds * 1000))  # as kombu sends it
    return {
        "exchange": getattr(exchange, "name", exchange),
        "routing_key": options.get("routing_key"),
        "properties": properties,
    }


def _wrap_send_task() -> None:
    original = Celery.send_task

    @functools.wraps(original)
    def send_task(  # noqa: PLR0913, PLR0917 - Celery's own signature
        self: Celery,
        name: str,
        args: Any = None,
        kwargs: Any = None,
        countdown: Any = None,
        eta: Any = None,
        task_id: str | None = None,
        producer: Any = None,
        connection: Any = None,
        *rest: Any,
        **options: Any,
    ) -> Any:
        if is_light(self, name):
            task_id = task_id or uuid()
            outbox = settings.current_outbox(self)
            if goes_light(name, str(task_id), outbox):
                _refuse(self, name, options)
                options["retry"] = False
                producer, connection = OutboxProducer(self, outbox), None
        call = (args, kwargs, countdown, eta, task_id, producer, connection)
        if not isinstance(producer, OutboxProducer):
            return original(self, name, *call, *rest, **options)
        with producer:
            return original(self, name, *call, *rest, **options)

    Celery.send_task = send_task


def _wrap_revoke() -> None:
    original = Control.revoke

    @functools.wraps(original)
    def revoke(self: Control, task_id: Any, *args: Any, **kwargs: Any) -> Any:
        # An outbox that is down must not keep the workers from being told.
        try:
            outbox = settings.current_outbox(self.app)
            outbox.revoke(list(map(str, maybe_list(task_id))))
        finally:
            answer = original(self, task_id, *args, **kwargs)
        return answer

    Control.revoke = revoke


def _refuse(app: Celery, name: str, options: dict[str, Any]) -> None:
    """What this call, or the task it calls, asks and a runner cannot give."""
    task = _registered(app, name)
    if task is not None:
        _check(task)
    limits = ("time_limit", "soft_time_limit", "serializer")
    asked = {option: options.get(option) for option in limits}
    for option in limits:
        if task is not None and asked[option] == getattr(task, option, None):
            asked[option] = None  # the task's own, checked above
    refuse_options(name, asked)
