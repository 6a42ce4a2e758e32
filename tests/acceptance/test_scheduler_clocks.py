"""Replicas whose clocks disagree: every slot once all the same."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.acceptance.scheduler_project import assert_once, every, project
from tests.servers import wait_until

# Seconds of eight entries that run every second: SLOT_SECONDS=130 makes 1,000 slots.
OBSERVED = float(os.environ.get("SLOT_SECONDS", "10"))


@pytest.mark.parametrize(
    ("offsets", "store"),
    [
        ((0.0,), "redis"),
        ((-1.0, 1.0), "redis"),
        ((-1.0, -0.3, 0.0, 0.6, 1.0), "redis"),
        ((-1.0, 1.0), "postgres"),
    ],
    ids=["1-redis", "2-redis", "5-redis", "2-postgres"],
)
def test_wrong_clocks(tmp_path, redis_url, postgres_url, offsets, store):
    """Clocks up to two seconds apart, jobs of a millisecond to three seconds."""
    bodies = (0.001, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 3.0)
    name = f"{len(offsets)}-{store}"
    entries = [every(1, f"{name}-{body}", body) for body in bodies]
    stores = {"REDIS_URL": redis_url} if store == "redis" else {}
    if store == "postgres":
        stores["DATABASE_URL"] = postgres_url
    with project(tmp_path, entries, **stores) as running:
        processes = [running.skewed(offset) for offset in offsets]
        wait_until(lambda: len(running.notes("companion-entered")) == len(offsets), 30)
        time.sleep(3)
        everybody_is_up = time.time() + 2
        time.sleep(OBSERVED)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(15)
        for body in bodies:
            slots = running.slots(f"{name}-{body}")
            assert assert_once(slots, 1, everybody_is_up) >= OBSERVED - 3
