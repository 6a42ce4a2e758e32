"""Django: connections are closed around each body, and a runner for a server."""

from __future__ import annotations

import sys
from typing import Any

from .lifecycle import start_runner


def with_runner(application: Any) -> Any:
    """Wrap `get_wsgi_application()` or `get_asgi_application()` of a project.

    The runner of a server process starts with its first request: after the fork of
    a server that loads the application early, and never in `manage.py` commands.
    """
    if hasattr(application, "get_response_async") and _is_asgi(application):

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            start_runner()
            await application(scope, receive, send)

        return asgi

    def wsgi(environ: Any, start_response: Any) -> Any:
        start_runner()
        return application(environ, start_response)

    return wsgi


def _is_asgi(application: Any) -> bool:
    from django.core.handlers.asgi import ASGIHandler

    return isinstance(application, ASGIHandler)


def close_connections() -> None:
    """Close this thread's database and cache connections, as Celery's worker does.

    Does nothing in a process that has not loaded Django's database layer.
    """
    database = sys.modules.get("django.db")
    if database is None:
        return
    from django.conf import settings
    from django.core.cache import close_caches

    if settings.configured:
        database.connections.close_all()
        close_caches()
