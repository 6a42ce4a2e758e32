"""What all endpoints of background tasks share. The file is yours to change.

They are closed: `create_router` wants a dependency that lets callers in, and the
bodies of requests are bounded. They are no part of the public schema. It reads

    BACKGROUND_THREADS   bodies that run at one time in a process, default 4
    BACKGROUND_QUEUE     accepted calls of a process that have not ended, default 100
    BACKGROUND_KEEP      seconds that an ended call can be asked for, default a day
    BACKGROUND_LEASE     seconds after which a silent process counts as dead, default 30
    TASKS_TOKEN          what `bearer_token` compares with
"""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from . import config
from .background import LEASE, Background, DuplicateError, RefusedError
from .records import RecordsDownError, create_records

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

    from fastapi import BackgroundTasks, Response
    from starlette.types import Message

    from .background import Work

MOST_BYTES = 64 * 1024


class Accepted(BaseModel):
    id: str


class State(BaseModel):
    """What became of one call. `error` is the kind of the exception."""

    id: str
    status: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None


class Overview(BaseModel):
    """One task: what is under way, and what became of it since it exists."""

    accepted: list[str]
    running: list[str]
    done: int
    failed: int
    lost: int
    failures_in_a_row: int
    breaker: Literal["closed", "open", "half-open"]
    last_success: datetime | None
    last_failure: datetime | None


class Problem(BaseModel):
    detail: str


class Duplicate(Problem):
    id: str


# What each endpoint may answer instead, for the schema.
STATUS_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem},
    503: {"model": Problem, "description": "The store is down"},
}
STATE_ERRORS: dict[int | str, dict[str, Any]] = {
    **STATUS_ERRORS,
    404: {"model": Problem, "description": "No such call, or it ended too long ago"},
}
START_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is no JSON"},
    401: {"model": Problem},
    409: {"model": Duplicate, "description": "The same work is under way"},
    413: {"model": Problem, "description": "The body is too large"},
    503: {"model": Problem, "description": "Full, paused, or the store is down"},
}


@cache
def service() -> Background:
    """The background work of this process."""
    lifetime = config.number("BACKGROUND_KEEP", 24 * 3600)
    return Background(
        records=create_records(lifetime),
        threads=int(config.number("BACKGROUND_THREADS", 4)),
        capacity=int(config.number("BACKGROUND_QUEUE", 100)),
        lifetime=lifetime,
        lease=config.number("BACKGROUND_LEASE", LEASE),
    )


def create_router(
    routers: Iterable[APIRouter],
    works: Iterable[Work],
    *,
    authorize: Callable[..., Any] | None,
    allow_anonymous: bool,
    in_schema: bool,
    prepare: Callable[[], object] = tuple,
) -> APIRouter:
    """One router for all of them; RuntimeError where anybody could call them.

    `prepare` is called before the application serves.
    """
    if authorize is None and not allow_anonymous:
        raise RuntimeError(
            "the endpoints of background tasks would be open to everybody: give "
            "create_router(authorize=...) a dependency, e.g. bearer_token, or say "
            "allow_anonymous=True"
        )
    known = tuple(works)

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        prepare()
        background = service()
        for work in known:
            background.register(work)
        async with background.serve():
            yield

    dependencies = [] if authorize is None else [Depends(authorize)]
    made = APIRouter(
        dependencies=dependencies,
        include_in_schema=in_schema,
        lifespan=lifespan,
        tags=["tasks"],
    )
    for router in routers:
        made.include_router(router)
    return made


def bearer_token(authorization: Annotated[str, Header()] = "") -> None:
    """Let in who sends `Authorization: Bearer $TASKS_TOKEN`; nobody where it is unset.

    A dependency for `create_router`; take your application's own where it has one.
    """
    expected = os.environ.get("TASKS_TOKEN", "")
    scheme, _, given = authorization.partition(" ")
    is_same = secrets.compare_digest(given.encode(), expected.encode())
    if not expected or scheme.lower() != "bearer" or not is_same:
        raise HTTPException(401, "no valid token", {"WWW-Authenticate": "Bearer"})


async def offer(
    work: Work, arguments: BaseModel, background_tasks: BackgroundTasks
) -> Accepted:
    """Store the call, and run it once the answer is sent."""
    background = service()
    try:
        record_id = await background.accept(work, arguments)
    except RefusedError as refused:
        after = {"Retry-After": str(refused.retry_after)}
        raise HTTPException(503, str(refused), after) from refused
    except RecordsDownError as error:
        raise HTTPException(503, "the store is down", {"Retry-After": "5"}) from error
    background_tasks.add_task(background.begin, record_id)
    return Accepted(id=record_id)


async def state_of(work: Work, record_id: str) -> State:
    """What became of a call; 404 for an id that is unknown or of another task."""
    background = service()
    try:
        record = await background.find(record_id)
    except RecordsDownError as error:
        raise HTTPException(503, "the store is down", {"Retry-After": "5"}) from error
    if record is None or record.task != work.task:
        raise HTTPException(404, "no such call, or it ended too long ago")
    return State(
        id=record.id,
        status=record.status,
        created_at=datetime.fromtimestamp(record.created_at, UTC),
        started_at=_moment(record.started_at),
        ended_at=_moment(record.ended_at),
        error=record.error,
    )


async def overview(work: Work) -> Overview:
    """What is under way, and the counts."""
    background = service()
    try:
        records, totals = await background.overview(work.task)
    except RecordsDownError as error:
        raise HTTPException(503, "the store is down", {"Retry-After": "5"}) from error
    return Overview(
        accepted=[record.id for record in records if record.status == "accepted"],
        running=[record.id for record in records if record.status == "running"],
        done=totals.done,
        failed=totals.failed,
        lost=totals.lost,
        failures_in_a_row=totals.failures_in_a_row,
        breaker=_breaker(work.open_until(totals), background.clock()),
        last_success=_moment(totals.last_success),
        last_failure=_moment(totals.last_failure),
    )


def _breaker(
    open_until: float | None, now: float
) -> Literal["closed", "open", "half-open"]:
    if open_until is None:
        return "closed"
    return "open" if now < open_until else "half-open"


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


class TaskRoute(APIRoute):
    """Bounds the body of a request, and answers 409 for work that is under way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            size = 0

            async def receive() -> Message:
                nonlocal size
                message = await request.receive()
                size += len(message.get("body", b""))
                if size > MOST_BYTES:
                    raise HTTPException(413, "the body is too large")
                return message

            try:
                return await handle(Request(request.scope, receive))
            except DuplicateError as duplicate:
                body = Duplicate(detail=str(duplicate), id=duplicate.running_id)
                return JSONResponse(body.model_dump(), status_code=409)

        return bounded
