"""What a call costs its caller, and what a task costs in all, beside Celery.

Run by hand: `PYTHONPATH=. python benchmarks/runtime/costs.py`. Starts its own Redis.
Every figure is a ratio of two kinds measured in turn (A B A B ...) in one run, by
medians of CPU time, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from celery import Celery
from redis import Redis

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("ROUNDS", "7"))
CALLS = int(os.environ.get("CALLS", "400"))

CALLER = """
import json, os, sys, time, warnings
warnings.simplefilter("ignore")
from celery import Celery
kind = sys.argv[1]
app = Celery("costs", broker=os.environ["REDIS"], backend=None)
app.conf.task_ignore_result = True
if kind == "celery":
    task = app.task
else:
    import shim
    shim.configure(outbox=os.environ["OUTBOX"])
    def task(**options):
        return shim.light_task(app=app, **options)

@task(name="noop")
def noop(a, b=None):
    pass

for _ in range(50):
    noop.delay(1, b="x")
calls = int(sys.argv[2])
begun = time.process_time()
for _ in range(calls):
    noop.delay(1, b="x")
print(json.dumps((time.process_time() - begun) / calls * 1e6))
"""

ROUTED = """
import json, os, sys, time, warnings, statistics
warnings.simplefilter("ignore")
from celery import Celery
import shim
app = Celery("costs", broker=os.environ["REDIS"], backend=None)
app.conf.task_ignore_result = True
shim.configure(outbox="memory", routes={"routed": "celery"})

@app.task(name="plain")
def plain(a, b=None):
    pass

@shim.light_task(name="routed", app=app)
def routed(a, b=None):
    pass

def cost(task):
    begun = time.process_time()
    for _ in range(20):
        task.delay(1, b="x")
    return (time.process_time() - begun) / 20 * 1e6

cost(plain), cost(routed)
pairs = [(cost(routed), cost(plain)) for _ in range(200)]
print(json.dumps([statistics.median(side) for side in zip(*pairs)]))
"""

LATENCY = """
import json, os, sys, time, warnings, statistics, logging
warnings.simplefilter("ignore")
from celery import Celery
import redis
kind = sys.argv[1]
app = Celery("costs", broker=os.environ["REDIS"], backend=None)
app.conf.task_ignore_result = True
store = redis.Redis.from_url(os.environ["REDIS"])
if kind == "celery":
    task = app.task
else:
    import shim
    shim.configure(outbox=os.environ["OUTBOX"])
    def task(**options):
        return shim.light_task(app=app, **options)

@task(name="stamp")
def stamp(sent):
    store.rpush("stamps", time.time() - sent)

if __name__ == "__main__":
    runner = None if kind == "celery" else shim.start_runner(app)
    waits = []
    for _ in range(60):
        stamp.delay(time.time())
        waits.append(float(store.blpop("stamps", timeout=60)[1]))
        time.sleep(0.01)
    print(json.dumps(statistics.median(waits[10:]) * 1e3))
"""

TOTAL = """
import json, os, sys, time, warnings, resource, logging
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from celery import Celery
kind, count = sys.argv[1], int(sys.argv[2])
app = Celery("total", broker=os.environ["REDIS"], backend=None)
app.conf.task_ignore_result = True
done = []
if kind == "celery":
    task = app.task
else:
    import shim
    shim.configure(outbox=os.environ["OUTBOX"])
    def task(**options):
        return shim.light_task(app=app, **options)

@task(name="noop")
def noop(a):
    done.append(a)
    if len(done) == count and kind == "celery":
        from celery.worker import state
        state.should_stop = 0

def cpu():
    return time.process_time()

if kind == "celery":
    noop.delay(0)
    worker = app.Worker(pool="solo", loglevel="CRITICAL", without_gossip=True,
        without_mingle=True, without_heartbeat=True, quiet=True)
    ready = {}
    from celery import signals
    @signals.worker_ready.connect
    def begin(**_):
        ready["at"] = cpu()
        for n in range(count):
            noop.delay(n)
    try:
        worker.start()
    except SystemExit:
        pass
    print(json.dumps((cpu() - ready["at"]) / count * 1e6), file=sys.__stdout__)
else:
    runner = shim.start_runner(app)
    noop.delay(0)
    while not done:
        time.sleep(0.01)
    done.clear()
    begun = cpu()
    for n in range(count):
        noop.delay(n)
    while len(done) < count:
        time.sleep(0.01)
    print(json.dumps((cpu() - begun) / count * 1e6))
"""

IMPORT = """
import json, sys, time
from celery import Celery
import celery.app.base, celery.app.control, celery.app.task, celery.app.trace
import celery.app.amqp, kombu.serialization, kombu.message, celery.canvas
before = time.process_time()
import shim
shim.light_task
print(json.dumps((time.process_time() - before) * 1e3))
"""

MEMORY = """
import json, os, resource, sys, time
from celery import Celery
app = Celery("memory", broker=os.environ["REDIS"], backend=os.environ["REDIS"])
@app.task(name="heavy")
def heavy():
    pass
heavy.delay().forget()
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20
before = resident()
import shim
shim.configure(outbox=os.environ["OUTBOX"])
@shim.light_task(name="light", app=app)
def light():
    pass
shim.start_runner(app)
for _ in range(20):
    light.delay().get(timeout=10)
after = resident()
from apscheduler.schedulers.background import BackgroundScheduler
scheduler = BackgroundScheduler()
scheduler.start()
for n in range(100):
    scheduler.add_job(light.delay, "interval", hours=1, id=str(n))
print(json.dumps([after - before, resident() - before]))
"""


def measure(script, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout.splitlines()[-1])


def in_turn(script, kinds, *arguments, rounds=ROUNDS, **environment):
    """The median of each kind, measured in turn."""
    found = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            outbox = environment.get("outboxes", {}).get(kind, "memory")
            given = {"REDIS": environment["redis"], "OUTBOX": outbox}
            side = "celery" if kind == "celery" else kind
            found[kind].append(measure(script, side, *arguments, **given))
    return {kind: statistics.median(values) for kind, values in found.items()}


@contextmanager
def worker_of_stamps(redis):
    """A prefork worker that answers, for the task of LATENCY."""
    from tests.servers import wait_until

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "stamps.py").write_text(LATENCY.replace("sys.argv[1]", "'celery'"))
        environment = {**os.environ, "REDIS": redis, "PYTHONPATH": f"{ROOT}:{folder}"}
        command = [sys.executable, "-m", "celery", "-A", "stamps:app", "worker"]
        worker = subprocess.Popen(
            [*command, "-c", "2", "-l", "critical"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        app = Celery(broker=redis, set_as_current=False)
        try:
            wait_until(lambda: app.control.ping(timeout=0.5), timeout=60)
            yield
        finally:
            worker.terminate()
            worker.wait(20)


def idle_wakeups(redis, folder):
    """Voluntary context switches per second of an idle runner with 100 jobs."""
    script = MEMORY.rpartition("print")[0] + (
        "def switches():\n"
        "    total = 0\n"
        "    for name in os.listdir('/proc/self/task'):\n"
        "        for line in open(f'/proc/self/task/{name}/status'):\n"
        "            if line.startswith('voluntary'): total += int(line.split()[1])\n"
        "    return total\n"
        "time.sleep(3)\n"
        "a, t = switches(), time.monotonic()\n"
        "time.sleep(10)\n"
        "print(json.dumps((switches() - a) / (time.monotonic() - t)))\n"
    )
    return measure(script, REDIS=redis, OUTBOX=f"sqlite:///{folder}/idle.sqlite3")


def main():
    from tests.servers import redis_server

    with redis_server() as redis, tempfile.TemporaryDirectory() as folder:
        sqlite = f"sqlite:///{folder}/o.sqlite3"
        outboxes = {"memory": "memory", "sqlite": sqlite, "broker": "broker"}
        kinds = ("celery", "memory", "sqlite", "broker")
        given = {"redis": redis, "outboxes": outboxes}
        calls = in_turn(CALLER, kinds, str(CALLS), **given)
        row("R1", "delay(), memory outbox", calls["memory"], calls["celery"], "us")
        row("R2", "delay(), SQLite outbox", calls["sqlite"], calls["celery"], "us")
        row("R2b", "delay(), Redis outbox", calls["broker"], calls["celery"], "us")
        routed, plain = measure(ROUTED, REDIS=redis)
        row("R5", "delay() routed to Celery", routed, plain, "us")
        with worker_of_stamps(redis):
            waits = in_turn(LATENCY, ("celery", "sqlite"), **given)
        row("R7", "call to start", waits["sqlite"], waits["celery"], "ms")
        # Neither side may meet the calls that R1 and R2 left behind.
        Redis.from_url(redis).flushall()
        outboxes["sqlite"] = f"sqlite:///{folder}/t.sqlite3"
        total = in_turn(TOTAL, ("celery", "sqlite"), "1000", **given)
        row("R9", "CPU of a no-op task", total["sqlite"], total["celery"], "us")
        wakes = idle_wakeups(redis, folder)
        print(f"| R12 | wake-ups of an idle runner and 100 jobs | {wakes:.1f}/s | |")
        outbox = f"sqlite:///{folder}/m.sqlite3"
        runner, scheduler = measure(MEMORY, REDIS=redis, OUTBOX=outbox)
        print(f"| R14 | memory of shim + runner | {runner:.1f} MiB | |")
        print(f"| R14 | with APScheduler and 100 jobs | {scheduler:.1f} MiB | |")
        loads = statistics.median(measure(IMPORT) for _ in range(ROUNDS))
        print(f"| R16 | import beside Celery | {loads:.1f} ms CPU | |")


def row(name, what, ours, celery, unit):
    print(
        f"| {name} | {what} | {ours:.2f} {unit} against {celery:.2f} {unit} "
        f"| {ours / celery:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
