"""A small project whose tasks are CronJobs; its workers run as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from migrator.classify import classify
from migrator.model import Accept, Inventory, Plan, PlannedTask, Target
from migrator.plan import without_refused
from migrator.project import open_project
from migrator.render import refusals, render
from migrator.scan import scan_project
from migrator.schedules import plan_schedules
from tests.servers import die_with_parent

TASKS = '''
"""Tasks that write a line to a file for each run, appended in one system call."""

import asyncio
import json
import os
import time

from celery import Celery
from celery.schedules import crontab

app = Celery("shop", broker="memory://")
app.conf.timezone = "Europe/Berlin"


def note(*facts):
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, json.dumps([time.time(), os.getpid(), *facts]).encode() + b"\\n")
    os.close(handle)


@app.task(name="shop.clean")
def clean(label: str = "", seconds: float = 0.0) -> None:
    from light_tasks.runs import current_run

    run = current_run()
    note("start", label, run.slot.isoformat() if run else None)
    try:
        time.sleep(seconds)
    finally:
        note("end", label)


@app.task(name="shop.probe")
def probe_provider(
    provider_id: int, options: dict = {}, *, note_text: str = "-"
) -> None:
    note("probe", provider_id, options, note_text)


@app.task(name="shop.fail", max_retries=2)
def fail() -> None:
    note("fail")
    if len(open(os.environ["LEDGER"]).readlines()) < 3:
        raise RuntimeError("as expected")


@app.task(name="shop.asynchronous")
async def asynchronous(seconds: float = 0.0) -> None:
    note("async")
    await asyncio.sleep(seconds)
    note("async-end")


app.conf.beat_schedule = {
    "clean up; nightly": {
        "task": "shop.clean",
        "schedule": crontab(minute=30, hour=4),
        "args": ("nightly",),
        "options": {"expires": 7200},
    },
    "clean-wall-clock": {"task": "shop.clean", "schedule": crontab(minute=30, hour=2)},
    "probe-seven": {
        "task": "shop.probe",
        "schedule": crontab(minute="*/10"),
        "args": (7,),
        "kwargs": {"options": {"deep": True}, "note_text": "--x y: z"},
    },
    "probe-union": {"task": "shop.probe", "schedule": 5400.0, "args": (8,)},
    "fails": {"task": "shop.fail", "schedule": crontab(minute=0)},
    "asynchronous": {"task": "shop.asynchronous", "schedule": crontab(minute=0)},
}
'''


@dataclass(frozen=True)
class Cluster:
    """The project on disk; `start` does what Kubernetes does with a pod."""

    folder: Path
    environment: dict[str, str]
    plan: Plan

    def notes(self) -> list[list[Any]]:
        """What the bodies wrote, without time and process."""
        ledger = self.folder / "ledger.txt"
        if not ledger.exists():
            return []
        return [json.loads(line)[2:] for line in ledger.read_text().splitlines()]

    def start(
        self, module: str, *words: str, job: str = "", **environment: str
    ) -> subprocess.Popen[str]:
        given = {"CRONJOB_NAME": job.rpartition("-")[0], "JOB_NAME": job} if job else {}
        return subprocess.Popen(
            [sys.executable, "-m", f"light_tasks.workers.{module}", *words],
            cwd=self.folder,
            env=self.environment | given | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks
        )

    def run(
        self, module: str, *words: str, job: str = "", **environment: str
    ) -> tuple[int, str]:
        """The exit code, and what it logged."""
        process = self.start(module, *words, job=job, **environment)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output


def job_name(cronjob: str, slot: float | None = None) -> str:
    """As Kubernetes names the Job of a slot; by default that of this minute."""
    return f"{cronjob}-{int(time.time() if slot is None else slot) // 60}"


def records(folder: Path, **options: Any) -> tuple[Plan, Inventory]:
    """The plan in which every task is a CronJob; `options` by function."""
    inventory = scan_project(open_project(folder))
    tasks = tuple(
        PlannedTask(
            definition,
            verdict,
            Target.CRONJOB,
            Accept.YES,
            options.get(definition.function, {}),
        )
        for definition, verdict in zip(
            inventory.tasks, classify(inventory), strict=True
        )
    )
    targets = {task.definition.name: task.target for task in tasks}
    schedules = plan_schedules(inventory.schedules, targets)
    plan = Plan("light_tasks", "light_tasks", tasks, schedules)
    refused = refusals(plan, inventory, existing=lambda _path: None)
    return without_refused(plan, {refusal.name for refusal in refused}), inventory


def write_source(folder: Path, tasks: str = TASKS) -> None:
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "tasks.py").write_text(tasks)


def write_package(folder: Path, plan: Plan, inventory: Inventory) -> None:
    for change in render(plan, inventory, existing=lambda _path: None):
        target = folder / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.after or b"")


@cache
def _generated(tasks: str) -> tuple[Plan, dict[str, bytes]]:
    """Made once a session: the proof of the schedules takes seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder, tasks)
        plan, inventory = records(folder)
        changes = render(plan, inventory, existing=lambda _path: None)
        return plan, {change.path: change.after or b"" for change in changes}


def cluster(folder: Path, tasks: str = TASKS, **environment: str) -> Cluster:
    write_source(folder, tasks)
    plan, files = _generated(tasks)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given |= {
        "DATABASE_URL": f"sqlite:///{folder}/jobs.db",
        "LEDGER": str(folder / "ledger.txt"),
        **environment,
    }
    return Cluster(folder, given, plan)
