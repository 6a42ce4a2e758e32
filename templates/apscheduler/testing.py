"""For your tests: run one job now, with the clock standing where you want it.

    from .testing import run_now  # by the name of this package

    def test_cleanup_removes_old_rows():
        state = run_now("cleanup-expired-data", slot=datetime(2027, 1, 1, tzinfo=UTC))
        assert state.last_outcome == "success"

Claims, limits and notes are the real ones, in a database in memory: neither Redis nor
DATABASE_URL is needed. The file is yours to change.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from apscheduler.util import ref_to_obj
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from . import config
from .locks_sql import SqlLocks
from .runs import Runner, entered
from .state import JobState, JobStates
from .store import ReplicaJobStore
from .unfinished import Unfinished

if TYPE_CHECKING:
    from datetime import datetime

    from .entry import Entry


def run_now(
    entry: Entry | str, *, slot: datetime | None = None, now: datetime | None = None
) -> JobState:
    """Run the job once and return what was noted; what the body raises comes through.

    `slot` is the scheduled time that the job sees, by default `now`; `now` is what the
    runner takes for the time, by default `slot` or the real one. `last_outcome` tells
    why a job did not run, e.g. "expired".
    """
    moment = now or slot or config.utcnow()
    chosen = _entry(entry)
    runner, states = _runner(chosen, moment)
    job = ref_to_obj(chosen.job)
    run = runner.begin(chosen.id, slot or moment)
    if run is not None:
        failure: BaseException | None = None
        try:
            with entered(run):
                result = job(*chosen.args, **chosen.kwargs)
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


def _entry(entry: Entry | str) -> Entry:
    if not isinstance(entry, str):
        return entry
    from .entries import ENTRIES

    found = next((known for known in ENTRIES if known.id == entry), None)
    if found is None:
        known = ", ".join(known.id for known in ENTRIES)
        raise LookupError(f"no entry {entry!r}; there are: {known}")
    return found


def _runner(entry: Entry, now: datetime) -> tuple[Runner, JobStates]:
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
    )
    states = JobStates(engine, "testing")
    states.register(entry)
    runner = Runner(
        entries=(entry,),
        locks=SqlLocks(engine, "testing"),
        states=states,
        store=ReplicaJobStore(engine=engine, tablename="testing_jobs"),
        unfinished=Unfinished(engine, "testing", (entry,)),
        clock=lambda: now,
    )
    return runner, states
