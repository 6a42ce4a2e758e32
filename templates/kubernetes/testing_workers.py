"""For your tests: run one worker now, with the clock standing where you want it.

    from .testing_workers import run_worker  # by the name of this package

    def test_purge_removes_old_rows():
        state = run_worker("purge-old-rows", slot=datetime(2027, 1, 1, tzinfo=UTC))
        assert state.last_outcome == "success"

Guard, claim, limits and notes are the real ones, in a database in memory: neither Redis
nor DATABASE_URL is needed. Signals and the exit code belong to a process, and are not
used. The file is yours to change.
"""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from . import config, workers
from .locks_sql import SqlLocks
from .runs import entered
from .state import JobState, JobStates
from .worker import NoMemory, NoSlots, OneRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from .entry import Entry


def run_worker(
    entry: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    slot: datetime | None = None,
    now: datetime | None = None,
) -> JobState:
    """Run the entry once and return what was noted; what the body raises comes through.

    `arguments` are those of the task, as values and not as words of a command line.
    `slot` is the scheduled time, by default `now`; `now` is what the runner takes for
    the time, by default `slot` or the real one. `last_outcome` tells why the body did
    not run, e.g. "expired"; it is None where the entry is not due at the slot.
    """
    moment = now or slot or config.utcnow()
    chosen, body = _entry(entry)
    runner, states = _runner(chosen, moment)
    is_due = chosen.trigger is None or chosen.trigger.includes(slot or moment)
    run = runner.begin(chosen.id, slot or moment) if is_due else None
    if run is not None:
        failure: BaseException | None = None
        try:
            with entered(run):
                result = body(**(arguments or {}))
                if inspect.iscoroutine(result):
                    asyncio.run(_limited(result, chosen.timeout))
        except BaseException as error:
            failure = error
            raise
        finally:
            runner.end(run, failure)
    state = states.get(chosen.id)
    if state is None:
        raise LookupError(chosen.id)
    return state


async def _limited(body: Any, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await body


def _entry(name: str) -> tuple[Entry, Callable[..., Any]]:
    """The entry, and the function `run` of the worker in which it stands."""
    found: dict[str, tuple[Entry, Callable[..., Any]]] = {}
    for info in iter_modules(workers.__path__, f"{workers.__name__}."):
        module = import_module(info.name)
        found |= {entry.id: (entry, module.run) for entry in module.ENTRIES}
    if name not in found:
        raise LookupError(f"no entry {name!r}; there are: {', '.join(found)}")
    return found[name]


def _runner(entry: Entry, now: datetime) -> tuple[OneRun, JobStates]:
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
    )
    states = JobStates(engine, "testing")
    states.register(entry)
    runner = OneRun(
        entries=(entry,),
        locks=SqlLocks(engine, "testing"),
        states=states,
        store=NoSlots(),
        unfinished=NoMemory(),
        clock=lambda: now,
    )
    return runner, states
