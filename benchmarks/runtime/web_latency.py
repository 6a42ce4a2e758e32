"""R18: a web request's time with and without 50 light tasks per second beside it.

Run by hand: `PYTHONPATH=. python benchmarks/runtime/web_latency.py`. One uvicorn
process with FastAPI's lifespan, a SQLite outbox, bodies that compute for 1 ms, and one
client on the loopback that pauses 5 ms between requests. Rounds are measured in turn
(A B A B ...) and compared by their medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.servers import free_port, stop, wait_for_port

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS", "10"))

WEB = """
import asyncio, time
from celery import Celery
from fastapi import FastAPI
import shim
from shim.fastapi import lifespan

app = Celery("web", broker="memory://", backend=None)
app.conf.task_ignore_result = True
app.set_default()
application = FastAPI(lifespan=lifespan)
calling = []

@shim.light_task(name="computes", app=app)
def computes():
    end = time.thread_time() + 0.001
    while time.thread_time() < end:
        pass

@application.get("/")
def page():
    return sum(range(2000))

@application.get("/calls/{on}")
async def switch(on: bool):
    for task in calling:
        task.cancel()
    calling[:] = [asyncio.create_task(call())] if on else []

async def call():
    due = time.monotonic()
    while True:
        await asyncio.to_thread(computes.delay)
        due += 0.02
        await asyncio.sleep(max(0, due - time.monotonic()))
"""


def measure(client: httpx.Client, *, calls: bool) -> tuple[float, float]:
    """The median and the 99th percentile of a round, in milliseconds."""
    client.get(f"/calls/{int(calls)}").raise_for_status()
    times = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.perf_counter()
        client.get("/")
        times.append((time.perf_counter() - begun) * 1e3)
        time.sleep(0.005)
    return statistics.median(times), statistics.quantiles(times, n=100)[-1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "web.py").write_text(WEB)
        port = free_port()
        command = ["uvicorn", "web:application", "--port", str(port)]
        server = subprocess.Popen(
            [sys.executable, "-m", *command, "--log-level", "error"],
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{folder}",
                "SHIM_OUTBOX": f"sqlite:///{folder}/outbox.sqlite3",
            },
        )
        try:
            wait_for_port(port, server)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                measure(client, calls=False)
                found = [
                    measure(client, calls=calls)
                    for _ in range(ROUNDS)
                    for calls in (False, True)
                ]
        finally:
            stop(server)
    for place, name in enumerate(("p50", "p99")):
        alone = statistics.median(one[place] for one in found[::2])
        beside = statistics.median(one[place] for one in found[1::2])
        ratio = beside / alone
        print(f"| R18 | {name} | {beside:.2f} against {alone:.2f} ms | {ratio:.2f} |")


if __name__ == "__main__":
    main()
