"""GET /health/scheduler for Django. The file is yours to change.

Put `path("health/scheduler", scheduler_health)` among the urlpatterns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import JsonResponse

from .report import health

if TYPE_CHECKING:
    from django.http import HttpRequest


def scheduler_health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """503 when a job is later than its grace, or a store does not answer."""
    status, body = health()
    return JsonResponse(body, status=status)
