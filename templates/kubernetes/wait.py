"""Waits until Redis and the database accept connections; for init containers.

`python -m <package>.wait` looks at REDIS_URL and DATABASE_URL. Exit code 75 after
WAIT_TIMEOUT seconds (60). The file is yours to change.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from urllib.parse import urlsplit

PORTS = {"redis": 6379, "rediss": 6379, "postgresql": 5432, "mysql": 3306}
STORE_DOWN = 75


def addresses() -> list[tuple[str, int]]:
    """Host and port of each store that is reached over the network."""
    found = []
    for name in ("REDIS_URL", "DATABASE_URL"):
        parts = urlsplit(os.environ.get(name, ""))
        port = parts.port or PORTS.get(parts.scheme.partition("+")[0])
        if parts.hostname and port:
            found.append((parts.hostname, port))
    return found


def is_up(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=2):
            return True
    except OSError:
        return False


def main() -> int:
    deadline = time.monotonic() + float(os.environ.get("WAIT_TIMEOUT", "60"))
    waiting = addresses()
    while waiting := [address for address in waiting if not is_up(address)]:
        if time.monotonic() > deadline:
            sys.stderr.write(f"no answer from {waiting}\n")
            return STORE_DOWN
        time.sleep(0.5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
