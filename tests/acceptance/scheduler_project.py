"""A small project, migrated by hand-made records, whose scheduler really runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from migrator.model import (
    Accept,
    CeleryApp,
    ContainerKind,
    DefinitionKind,
    Inventory,
    Level,
    Location,
    Option,
    Plan,
    PlannedSchedule,
    PlannedTask,
    ScheduleEntry,
    ScheduleKind,
    Target,
    TaskDefinition,
    Verdict,
)
from migrator.render import render
from migrator.schedules import convert
from tests.servers import die_with_parent, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]

TASKS = '''
"""Tasks that write a line to a file for each run, appended in one system call."""

import os
import time

from celery import Celery

from light_tasks.runs import current_run

app = Celery("shop", broker="memory://")


def note(kind, *facts):
    line = " ".join(map(str, (kind, time.time(), os.getpid(), *facts))) + "\\n"
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line.encode())
    os.close(handle)


@app.task(name="shop.tick")
def tick(label="", seconds=0.0):
    run = current_run()
    note("start", label, run.slot.timestamp(), getattr(run.lease, "fence", "-"))
    time.sleep(seconds)
    note("end", label, run.slot.timestamp())


@app.task(name="shop.again")
def again(label="", seconds=0.0):
    tick(label, seconds)


@app.task(name="shop.fail")
def fail():
    note("fail", current_run().slot.timestamp())
    raise RuntimeError("as expected")
'''

COMPANION = """
from contextlib import contextmanager

from shop.tasks import note


@contextmanager
def runner():
    note("companion-entered")
    yield
    note("companion-left")
"""

# A scheduler whose clock is wrong by the seconds given: APScheduler's and ours.
SKEWED = """
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers import base

from light_tasks.logs import configure_logging
from light_tasks.scheduler import serve

OFFSET = timedelta(seconds=float(sys.argv[1]))


class WrongClock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + OFFSET


base.datetime = WrongClock
configure_logging()
asyncio.run(serve(clock=lambda: datetime.now(UTC) + OFFSET))
"""

WEB = """
from fastapi import FastAPI
from light_tasks.health import router

app = FastAPI()
app.include_router(router)
"""

HOSTED = """
from fastapi import FastAPI
from light_tasks.health import router
from light_tasks.lifespan import lifespan
from shop.tasks import note

app = FastAPI(lifespan=lifespan(), on_startup=[lambda: note("web-starts")])
app.include_router(router)
"""


@dataclass(frozen=True)
class Slot:
    label: str
    at: float
    started: float
    pid: int


def definition(name: str, function: str, **changes: Any) -> TaskDefinition:
    place = Location("shop/tasks.py", 1)
    given: dict[str, Any] = {
        "name": name,
        "function": function,
        "qualified_name": f"shop.tasks.{function}",
        "module": "shop.tasks",
        "location": place,
        "kind": DefinitionKind.APP,
        "decorator": place,
        "decorator_source": "app.task",
    }
    return TaskDefinition(**(given | changes))


def planned(task: TaskDefinition, **options: Any) -> PlannedTask:
    verdict = Verdict(task.name, Level.LIGHT, 0)
    return PlannedTask(task, verdict, Target.APSCHEDULER, Accept.YES, options)


def literal(name: str, value: Any) -> Option:
    return Option(name, repr(value), value, is_literal=True)


def entry(
    name: str, spec: dict[str, Any], task: str = "shop.tick", **changes: Any
) -> ScheduleEntry:
    given: dict[str, Any] = {
        "name": name,
        "task": task,
        "kind": ScheduleKind(spec["kind"]),
        "location": Location("shop/tasks.py", 1),
        "end_line": 1,
        "container": ContainerKind.DICT_LITERAL,
        "source": repr(spec),
        "spec": spec,
    }
    return ScheduleEntry(**(given | changes))


def every(
    seconds: float, label: str, body: float = 0.0, **changes: Any
) -> ScheduleEntry:
    arguments = literal("args", (label, body))
    spec = {"kind": "interval", "seconds": seconds}
    return entry(label, spec, args=arguments, **changes)


@dataclass
class Project:
    folder: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def redefine(self, entries: Sequence[ScheduleEntry]) -> None:
        """Render anew, as a later `migrate apply` would."""
        write_package(self.folder, *records(entries))

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.txt"

    def notes(self, kind: str) -> list[list[str]]:
        if not self.ledger.exists():
            return []
        lines = [line.split() for line in self.ledger.read_text().splitlines()]
        return [line for line in lines if line[0] == kind]

    def slots(self, label: str) -> list[Slot]:
        """Started runs of an entry, in the order of their start."""
        return [
            Slot(label, float(line[4]), float(line[1]), int(line[2]))
            for line in self.notes("start")
            if line[3] == label
        ]

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"log-{len(self.processes)}.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks
            )
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        return self.run("-m", "light_tasks.scheduler")

    def skewed(self, seconds: float) -> subprocess.Popen[bytes]:
        return self.run("skewed.py", str(seconds))

    def log(self, number: int) -> str:
        return (self.folder / f"log-{number}.txt").read_text()


def records(
    entries: Sequence[ScheduleEntry],
    tasks: Sequence[PlannedTask] | None = None,
    frameworks: tuple[str, ...] = ("fastapi",),
) -> tuple[Plan, Inventory]:
    chosen = tasks or [planned(definition("shop.tick", "tick"))]
    targets = {task.definition.name: task.target for task in chosen}
    # Without the proof, which has its own tests and takes its time.
    schedules = tuple(
        PlannedSchedule(
            given,
            targets[given.task],
            trigger=str(convert(given.spec or {}).trigger_source),
        )
        for given in entries
    )
    plan = Plan("light_tasks", "light_tasks", tuple(chosen), schedules, "companion")
    place = Location("shop/tasks.py", 9)
    apps = (CeleryApp("shop.tasks.app", place, "shop"),)
    return plan, Inventory(".", apps=apps, frameworks=frameworks)


def write_package(
    folder: Path, plan: Plan, inventory: Inventory, **options: Any
) -> int:
    def existing(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.exists() else None

    changes = render(plan, inventory, existing=existing, **options)
    for change in changes:
        target = folder / change.path
        if change.after is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.after)
    return len(changes)


@contextmanager
def project(
    folder: Path,
    entries: Sequence[ScheduleEntry],
    tasks: Sequence[PlannedTask] | None = None,
    **environment: str,
) -> Iterator[Project]:
    """The project on disk, with its processes ended at the end whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "tasks.py").write_text(TASKS)
    (folder / "companion.py").write_text(COMPANION)
    (folder / "skewed.py").write_text(SKEWED)
    (folder / "web.py").write_text(WEB)
    (folder / "hosted.py").write_text(HOSTED)
    write_package(folder, *records(entries, tasks))
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given |= {
        "DATABASE_URL": f"sqlite:///{folder}/jobs.db",
        "LEDGER": str(folder / "ledger.txt"),
        **environment,
    }
    made = Project(folder, given)
    try:
        yield made
    finally:
        for process in made.processes:
            stop(process)


def state_of(running: Project, entry: str) -> dict[str, Any]:
    """The row of an entry in the table of job states."""
    engine = create_engine(running.environment["DATABASE_URL"])
    with engine.connect() as connection:
        query = text("SELECT * FROM light_tasks_state WHERE entry = :entry")
        row = connection.execute(query, {"entry": entry}).mappings().one()
    engine.dispose()
    return dict(row)


def ended(process: subprocess.Popen[bytes], timeout: float = 15) -> int:
    """The exit code after SIGTERM."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout)


def seen(running: Project, label: str, count: int) -> Callable[[], bool]:
    return lambda: len(running.slots(label)) >= count


def assert_once(slots: Sequence[Slot], period: float, since: float = 0.0) -> int:
    """No slot twice, and none left out between the first and the last; how many."""
    counts = Counter(slot.at for slot in slots if slot.at >= since)
    assert set(counts.values()) == {1}, {at: n for at, n in counts.items() if n > 1}
    steps = round((max(counts) - min(counts)) / period) + 1
    missing = steps - len(counts)
    assert missing == 0, f"{missing} of {steps} slots did not run"
    return len(counts)


def answer(port: int) -> tuple[int, Any]:
    """Status and body of the health endpoint, from the application of web.py."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/scheduler") as got:
            return got.status, json.load(got)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def is_listening(port: int) -> bool:
    try:
        answer(port)
    except urllib.error.URLError:
        return False
    return True
