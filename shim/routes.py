"""The one decision of a call: to the outbox, or to Celery's queue.

Sources, in this order: `configure(routes=...)`; `SHIM_ROUTES`, a JSON object or the
path of a file that holds one and is read again when it changes; the routes set in
the outbox, which all its processes see within 2 s. A name that no source mentions
goes light, `*` stands for every name. A source that cannot be read sends every call
to Celery, whose workers can run every task.
"""

from __future__ import annotations

import json
import logging
import os
import time
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import settings
from .errors import ConfigurationError, OutboxUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .outbox import Outbox

logger = logging.getLogger(__name__)

KEPT_FOR = 2.0  # seconds; a route is to be effective everywhere within 5
STEPS = 10_000  # hundredths of a percent


def goes_light(task: str, task_id: str, outbox: Outbox) -> bool:
    """Whether this call goes to the outbox.

    A percentage is decided by a hash of the task id, so that a retry stays on its
    side. Never raises: what cannot be read means Celery, with one line in the log.
    """
    try:
        value = _lookup(task, outbox)
        share = 100.0 if value is None else percentage(value)
    except (ConfigurationError, OutboxUnavailableError, OSError, ValueError) as error:
        _report(str(error))
        return False
    if share <= 0 or share >= 100:  # noqa: PLR2004 - per cent
        return share > 0
    return zlib.crc32(task_id.encode()) % STEPS < share * STEPS / 100


def percentage(value: Any) -> float:
    """The share of calls that go light, from 0 to 100, of a route's value."""
    if value == "light":
        return 100.0
    if value == "celery":
        return 0.0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return min(100.0, max(0.0, float(value)))
    message = f'a route is "light", "celery" or a number from 0 to 100, not {value!r}'
    raise ConfigurationError(message)


def _lookup(task: str, outbox: Outbox) -> Any:
    for read in (settings.given_routes, _from_environment, partial(_stored, outbox)):
        table = read()
        if table:
            value = table.get(task, table.get("*"))
            if value is not None:
                return value
    return None


_kept: tuple[float, Outbox | None, Mapping[str, Any]] = (0.0, None, {})


def _stored(outbox: Outbox) -> Mapping[str, Any]:
    global _kept  # noqa: PLW0603 - a cache of one table
    until, source, table = _kept
    if source is not outbox or time.monotonic() >= until:
        table = outbox.routes()
        _kept = (time.monotonic() + KEPT_FOR, outbox, table)
    return table


_read: tuple[Any, dict[str, Any]] = (None, {})


def _from_environment() -> dict[str, Any] | None:
    global _read  # noqa: PLW0603 - a cache of one file
    source = os.environ.get("SHIM_ROUTES")
    if not source:
        return None
    if source.lstrip().startswith("{"):
        state: Any = source
    else:
        status = Path(source).stat()
        state = (source, status.st_mtime_ns, status.st_size, status.st_ino)
    if _read[0] != state:
        _read = (state, _parse(source))
    return _read[1]


def _parse(source: str) -> dict[str, Any]:
    text = source
    if not source.lstrip().startswith("{"):
        text = Path(source).read_text(encoding="utf-8")
    table = json.loads(text)
    if not isinstance(table, dict):
        message = "SHIM_ROUTES is no JSON object of task names"
        raise ConfigurationError(message)
    return table


_reported = ""


def _report(reason: str) -> None:
    global _reported  # noqa: PLW0603 - one line for each new reason
    if reason != _reported:
        _reported = reason
        logger.error("routes cannot be read, calls go to Celery: %s", reason)
