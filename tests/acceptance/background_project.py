"""A small FastAPI project whose tasks have endpoints; it really serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from migrator.classify import classify
from migrator.model import Accept, Plan, PlannedTask, Target
from migrator.project import open_project
from migrator.render import render
from migrator.scan import scan_project
from tests.servers import die_with_parent, free_port, stop, wait_for_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "goblins-only"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

SCHEMAS = """
import enum
from dataclasses import dataclass
from pydantic import BaseModel


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    number: int = 1


class Order(BaseModel):
    address: Address
    colour: Colour = Colour.RED


@dataclass
class Point:
    x: float
    y: float = 0.0


class Row:
    pass
"""

TASKS = '''
"""Tasks that write a line to a file for each run, appended in one system call."""

import asyncio
import datetime as dt
import json
import os
import time
import uuid
from typing import Any, Dict, List, Optional, TYPE_CHECKING
from uuid import UUID

from celery import Celery

from shop.schemas import Colour, Order, Point, Row

if TYPE_CHECKING:
    from shop.schemas import Address

app = Celery("shop", broker="memory://")
MOST = 50


def note(*facts):
    handle = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    line = json.dumps([time.time(), os.getpid(), *facts], default=str)
    os.write(handle, line.encode() + b"\\n")
    os.close(handle)


@app.task(name="shop.clean")
def clean(label: str = "", seconds: float = 0.0) -> None:
    note("start", label)
    time.sleep(seconds)
    note("end", label)


@app.task(name="shop.fail")
def fail(times: int = 1) -> None:
    note("fail", times)
    raise RuntimeError("secret details")


@app.task(name="shop.again", acks_late=True)
def again(label: str, seconds: float = 0.0) -> None:
    note("start", label)
    time.sleep(seconds)
    note("end", label)


@app.task(name="shop.everything")
def everything(
    count: int,
    when: dt.datetime,
    key: UUID,
    order: Order,
    points: List[Point],
    /,
    maybe: Optional[int] = None,
    colour: Colour = Colour.BLUE,
    limit: int = MOST,
    wait: dt.timedelta = dt.timedelta(seconds=5),
    schema: Dict[str, Any] = {},
    *,
    flag: bool = False,
    other_key: Optional[uuid.UUID] = None,
    late: "Address | None" = None,
) -> None:
    values = (when, key, order, points[0], colour, wait, late)
    kinds = [type(value).__name__ for value in values]
    note("everything", count, kinds, maybe, limit, schema, flag, order.address.street)


@app.task(name="shop.start")
def start(untyped) -> None:
    note("untyped", untyped)


@app.task(name="shop.row")
def with_row(row: Row) -> None:
    pass


@app.task(name="shop.many")
def many(*values: int) -> None:
    pass


@app.task(name="shop.bound", bind=True)
def bound(self, label: str) -> None:
    note("bound", self.name, label)


@app.task(name="shop.long")
def reconcile_what_every_account_of_every_customer_has_paid() -> None:
    pass


@app.task(name="shop.attempts", bind=True)
def attempts(self, label: str) -> None:
    raise self.retry()
'''

MAIN = """
from fastapi import FastAPI
from light_tasks.api_router import bearer_token, create_router

app = FastAPI()
app.include_router(create_router(authorize=bearer_token, in_schema=True))


@app.get("/ping")
def ping() -> str:
    return "pong"
"""
LONG = "reconcile_what_every_account_of_every_customer_has_paid"
GOOD = ("clean", "fail", "again", "everything", "start", "bound")


@dataclass
class Site:
    """The project on disk, with its servers."""

    folder: Path
    environment: dict[str, str]
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def notes(self) -> list[list[Any]]:
        """What the bodies wrote: time, process, facts."""
        ledger = self.folder / "ledger.txt"
        if not ledger.exists():
            return []
        return [json.loads(line) for line in ledger.read_text().splitlines()]

    def runs(self, label: str, what: str = "start") -> int:
        return sum(line[2:4] == [what, label] for line in self.notes())

    def log(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("log-*.txt"))

    @contextmanager
    def serving(self, **environment: str) -> Iterator[Server]:
        port = free_port()
        path = self.folder / f"log-{len(self.servers)}.txt"
        command = ["-m", "uvicorn", "main:app", f"--port={port}", "--no-access-log"]
        with path.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=self.folder,
                env=self.environment | environment,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one call, no locks
            )
        self.servers.append(process)
        try:
            wait_for_port(port, process)
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, headers=BEARER, timeout=20) as client:
                yield Server(process, client, base)
        finally:
            stop(process)


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    client: httpx.Client
    url: str

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        return self.client.post(path, json=arguments)

    def ends(self, path: str, call_id: str, status: str = "done") -> None:
        """Wait until the call has this state."""
        wait_until(lambda: self.status(path, call_id) == status)

    def status(self, path: str, call_id: str) -> str:
        return str(self.client.get(f"{path}/{call_id}").json()["status"])


def planned(folder: Path, functions: tuple[str, ...], **options: Any) -> Plan:
    """The plan in which the named tasks have endpoints; `options` by function."""
    project = open_project(folder)
    inventory = scan_project(project)
    tasks = tuple(
        PlannedTask(
            definition,
            verdict,
            Target.BACKGROUND,
            Accept.YES,
            options.get(definition.function, {}),
        )
        for definition, verdict in zip(
            inventory.tasks, classify(inventory), strict=True
        )
        if definition.function in functions
    )
    return Plan("light_tasks", "light_tasks", tasks)


def inventory_of(folder: Path) -> Any:
    return scan_project(open_project(folder))


def write_source(folder: Path) -> None:
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "schemas.py").write_text(SCHEMAS)
    (folder / "shop" / "tasks.py").write_text(TASKS)
    (folder / "main.py").write_text(MAIN)


def write_package(folder: Path, plan: Plan) -> None:
    def existing(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.exists() else None

    for change in render(plan, inventory_of(folder), existing=existing):
        target = folder / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.after or b"")


def site(folder: Path, *functions: str, **environment: str) -> Site:
    write_source(folder)
    write_package(folder, planned(folder, functions or GOOD))
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    given |= {
        "DATABASE_URL": f"sqlite:///{folder}/jobs.db",
        "LEDGER": str(folder / "ledger.txt"),
        "TASKS_TOKEN": TOKEN,
        **environment,
    }
    return Site(folder, given)
