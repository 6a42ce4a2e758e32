"""Tells a watchdog (healthchecks style) that a run began, succeeded or failed.

Each entry has an address of its own: `<ENTRY>_PING_URL`, its id in capitals and with
underscores, e.g. CLEAN_UP_PING_URL for `clean-up`. It gets `/start` and `/fail` behind
it, and nothing behind it for success. Without one nothing is sent.
The file is yours to change.
"""

from __future__ import annotations

import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from urllib.request import urlopen

TIMEOUT = 5.0
ENDINGS = {"start": "/start", "success": "", "fail": "/fail"}

logger = logging.getLogger(__name__)
# One thread keeps the order, and no run waits for a watchdog. A process that ends
# delivers what it still has.
_sender = ThreadPoolExecutor(1, "pings")
_room = BoundedSemaphore(100)


def send(entry: str, what: str) -> None:
    """`what` is start, success or fail. A watchdog that is down changes nothing."""
    url = os.environ.get(variable(entry), "")
    if not url.startswith(("http://", "https://")):
        return
    if not _room.acquire(blocking=False):
        logger.warning("a ping of %s was dropped: the watchdog is too slow", entry)
        return
    _sender.submit(_send, entry, url.rstrip("/") + ENDINGS[what])


def variable(entry: str) -> str:
    """The name in the environment that holds the entry's address."""
    return re.sub(r"[^A-Z0-9]+", "_", entry.upper()).strip("_") + "_PING_URL"


def _send(entry: str, url: str) -> None:
    try:
        with urlopen(url, timeout=TIMEOUT):  # noqa: S310 - see `send`
            pass
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is unharmed
        # The address is a secret: who knows it can send pings.
        kind = type(error).__name__
        logger.warning("a ping of %s was not delivered: %s", entry, kind)
    finally:
        _room.release()
