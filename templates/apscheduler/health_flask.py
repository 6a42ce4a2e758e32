"""GET /health/scheduler for Flask: `app.register_blueprint(blueprint)`.

The file is yours to change.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from .report import health

blueprint = Blueprint("scheduler_health", __name__)


@blueprint.get("/health/scheduler")
def scheduler_health() -> tuple[dict[str, Any], int]:
    """503 when a job is later than its grace, or a store does not answer."""
    status, body = health()
    return body, status
