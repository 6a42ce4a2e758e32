"""Each slot once, with clocks that disagree and replicas that are killed. By hand:

    PYTHONPATH=. python benchmarks/faults/slots.py redis 5
    PYTHONPATH=. python benchmarks/faults/slots.py sqlite 2 --kills 30

Real processes of the generated package as it is rendered, with private servers on
loopback. Eight entries are due every second, with bodies of a millisecond to three
seconds; the clocks of the replicas are up to two seconds apart. With `--kills` one
replica, chosen at random, gets SIGKILL at a random moment, and another takes its place;
half of the entries may run again then.
Prints one row of the tables in docs/guarantees.md, and lost slots on standard error.
Exit code 1 where a slot did not run and nothing says so, or ran twice without need.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance.scheduler_project import project
from tests.acceptance.slot_tally import (
    AGAIN,
    BODIES,
    OFFSETS,
    TASKS,
    entries,
    observed,
    started,
    stopped,
    tally,
    unfinished,
)
from tests.servers import postgres_server, redis_server, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from tests.acceptance.scheduler_project import Project
    from tests.acceptance.slot_tally import Tally

SETTLED = 6.0  # seconds until every replica has left its start behind


@contextlib.contextmanager
def stores(claims: str) -> Iterator[dict[str, str]]:
    if claims == "redis":
        with redis_server() as url:
            yield {"REDIS_URL": url}
    elif claims == "postgres":
        with postgres_server() as url:
            yield {"DATABASE_URL": url}
    else:
        yield {}


@contextlib.contextmanager
def kept(given: str | None) -> Iterator[str]:
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="slots-") as folder:
        yield folder


def killed(
    running: Project, replicas: list[Popen[bytes]], kills: int, seed: int
) -> list[Popen[bytes]]:
    """SIGKILL to a random replica, `kills` times; each time a new one starts."""
    rng = random.Random(seed)
    offsets = OFFSETS[len(replicas)]
    for _ in range(kills):
        time.sleep(rng.uniform(0.5, 4))
        victim = rng.randrange(len(replicas))
        replicas[victim].kill()
        replicas[victim].wait()
        replicas[victim : victim + 1] = started(running, offsets[victim : victim + 1])
    return replicas


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("claims", choices=["redis", "sqlite", "postgres"])
    parser.add_argument("replicas", type=int, choices=sorted(OFFSETS))
    parser.add_argument("--slots", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--folder", help="kept: ledger, logs, generated package")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    offsets = OFFSETS[chosen.replicas]
    due = entries("slot")
    if chosen.kills:
        due = entries("early", BODIES[::2]) + entries("again", BODIES[1::2], AGAIN)
    with (
        kept(chosen.folder) as folder,
        stores(chosen.claims) as environment,
        project(Path(folder), due, TASKS, **environment) as running,
    ):
        replicas = started(running, offsets)
        since = time.time() + SETTLED
        time.sleep(SETTLED)
        begun = len(running.notes("start"))
        replicas = killed(running, replicas, chosen.kills, chosen.seed)
        if chosen.kills:
            by_now = time.time()
            wait_until(lambda: not unfinished(running, by_now), 600)
        observed(running, begun + chosen.slots)
        codes = stopped(replicas)
        kinds = ["early", "again"] if chosen.kills else ["slot"]
        found = {kind: tally(running, prefix=kind, since=since) for kind in kinds}
    if any(codes):
        print(f"exit codes {codes}", file=sys.stderr)
    is_well = [told(chosen, kind, tallied) for kind, tallied in found.items()]
    return int(any(codes) or not all(is_well))


def told(chosen: argparse.Namespace, kind: str, found: Tally) -> bool:
    """Print the row; whether the promise was kept."""
    offsets = OFFSETS[chosen.replicas]
    row = (chosen.claims, kind, chosen.replicas, f"{max(offsets) - min(offsets):g} s")
    row += (chosen.kills, found.slots, found.once, found.missed, found.lost)
    row += (found.twice, found.cut_short, datetime.now(UTC).date())
    print("| " + " | ".join(map(str, row)) + " |", flush=True)
    for label, slot in found.lost_slots:
        print("lost:", label, datetime.fromtimestamp(slot, UTC), file=sys.stderr)
    repeated = found.cut_short + chosen.kills if kind == "again" else 0
    return found.lost == 0 and found.twice <= repeated


if __name__ == "__main__":
    sys.exit(main())
