"""GET /health/scheduler for FastAPI: `app.include_router(router)`. Yours to change."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .report import health

router = APIRouter(tags=["health"])


@router.get("/health/scheduler")
def scheduler_health() -> JSONResponse:
    """503 when a job is later than its grace, or a store does not answer."""
    status, body = health()
    return JSONResponse(body, status_code=status)
