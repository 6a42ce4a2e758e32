"""Replicas whose clocks disagree: every slot once all the same.

`benchmarks/faults/slots.py` observes 1,000 slots in the same way.
"""

from __future__ import annotations

import time

import pytest

from tests.acceptance.scheduler_project import project
from tests.acceptance.slot_tally import (
    OFFSETS,
    entries,
    observed,
    started,
    stopped,
    tally,
)


@pytest.mark.parametrize(
    ("replicas", "store"),
    [(5, "redis"), (2, "postgres"), (2, "sqlite")],
    ids=["5-redis", "2-postgres", "2-sqlite"],
)
def test_wrong_clocks(tmp_path, request, replicas, store):
    """Clocks up to two seconds apart, jobs of a millisecond to three seconds."""
    stores = {}
    if store == "redis":
        stores["REDIS_URL"] = request.getfixturevalue("redis_url")
    if store == "postgres":
        stores["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    name = f"{replicas}-{store}"
    with project(tmp_path, entries(name), **stores) as running:
        processes = started(running, OFFSETS[replicas])
        everybody_is_up = time.time() + 2
        observed(running, 64)
        assert stopped(processes) == [0] * replicas
        found = tally(running, since=everybody_is_up)
        assert (found.twice, found.lost, found.cut_short) == (0, 0, 0)
        assert found.once >= 24
