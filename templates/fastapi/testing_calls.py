"""For your tests: run one call of an endpoint now, with the clock where you want it.

    from .testing_calls import call_now  # by the name of this package

    def test_cleanup_removes_old_rows():
        new_year = datetime(2027, 1, 1, tzinfo=UTC)
        record = call_now("shop.cleanup", {"days": 7}, now=new_year)
        assert record.status == "done"

The body, limits and records are the real ones, in a database of its own that is gone
afterwards: neither a server, nor Redis, nor DATABASE_URL is needed. For tests that are
no coroutines. The file is yours to change.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from . import config
from .background import Background
from .records_sql import SqlRecords

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .background import Work
    from .records import Record


def call_now(
    task: Work | str,
    body: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Record:
    """Accept and run one call; the record as `GET <path>/<id>` would find it.

    `body` is what a client sends, checked as there: pydantic's ValidationError. What
    the task raises comes through. `now` is what is taken for the time, by default the
    real one.
    """
    work, failures = _noting_failures(_work(task))
    moment = (now or config.utcnow()).timestamp()
    arguments = work.body.model_validate(body or {})
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder, 'records.db')}")
        records = SqlRecords(engine, "testing")
        background = Background(records, threads=1, clock=lambda: moment)
        try:
            record = asyncio.run(_ended(background, work, arguments))
        finally:
            background.close()
            engine.dispose()
    if failures:
        raise failures[0]
    return record


async def _ended(background: Background, work: Work, arguments: Any) -> Record:
    async with background.serve():
        record_id = await background.accept(work, arguments)
        await background.begin(record_id)
    record = background.records.get(record_id)
    if record is None:
        raise LookupError(record_id)
    return record


def _work(task: Work | str) -> Work:
    if not isinstance(task, str):
        return task
    from .api_router import CALLS

    works: dict[str, Work] = {call.WORK.task: call.WORK for call in CALLS}
    if task not in works:
        known = ", ".join(works)
        raise LookupError(f"no endpoint of a task {task!r}; there are: {known}")
    return works[task]


def _noting_failures(work: Work) -> tuple[Work, list[Exception]]:
    """The same work, and a list that gets what it raises."""
    failures: list[Exception] = []

    def run(arguments: Any) -> None:
        try:
            work.run(arguments)
        except Exception as error:
            failures.append(error)
            raise

    async def run_async(arguments: Any) -> None:
        try:
            await work.run(arguments)
        except Exception as error:
            failures.append(error)
            raise

    return replace(work, run=run_async if work.is_async else run), failures
