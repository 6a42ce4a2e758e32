"""Latency of an unrelated endpoint, alone and while background work runs. By hand:

    PYTHONPATH=. python benchmarks/runtime/endpoint_latency.py

One uvicorn process on loopback with records in Redis, and the generated package as it
is rendered. Figures are milliseconds per request on one connection.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.acceptance.background_project import BEARER, site
from tests.servers import redis_server

if TYPE_CHECKING:
    from tests.acceptance.background_project import Server

REQUESTS = 1000
SLEEPS = (0.05, 0.0)  # seconds in the body: one that waits, one that ends at once


def latencies(url: str) -> list[float]:
    found = []
    with httpx.Client(base_url=url, headers=BEARER, timeout=20) as client:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            client.get("/ping").raise_for_status()
            found.append((time.perf_counter() - began) * 1000)
    return found


def under_load(server: Server, seconds: float) -> tuple[list[float], float]:
    """The latencies, and how many calls a second were accepted meanwhile."""
    stop, counts = threading.Event(), itertools.count()

    def call() -> None:
        with httpx.Client(base_url=server.url, headers=BEARER, timeout=20) as client:
            while not stop.is_set():
                body = {"label": str(next(counts)), "seconds": seconds}
                if client.post("/tasks/clean", json=body).status_code != 202:
                    time.sleep(0.05)  # the queue is full

    thread = threading.Thread(target=call)
    thread.start()
    began = time.perf_counter()
    found = latencies(server.url)
    rate = next(counts) / (time.perf_counter() - began)
    stop.set()
    thread.join()
    return found, rate


def row(name: str, values: list[float], note: str) -> str:
    cuts = statistics.quantiles(values, n=100)
    return f"| {name} | {cuts[49]:.1f} | {cuts[94]:.1f} | {cuts[98]:.1f} | {note} |"


def main() -> None:
    with redis_server() as redis, tempfile.TemporaryDirectory() as folder:
        made = site(Path(folder), REDIS_URL=redis)
        with made.serving() as server:
            latencies(server.url)  # warm
            lines = [row("no background work", latencies(server.url), "")]
            for seconds in SLEEPS:
                found, rate = under_load(server, seconds)
                name = f"bodies of {seconds * 1000:.0f} ms"
                lines.append(row(name, found, f"{rate:.0f} calls a second offered"))
    print("| load | median | p95 | p99 | |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
