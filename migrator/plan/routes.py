"""The file of `apply --route celery`: moved tasks whose calls still go to Celery.

It is what the environment variable SHIM_ROUTES may name; the shim reads it again when
it changes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUTES_FILE = "light_routes.json"


def with_routes(existing: bytes | None, tasks: Iterable[str]) -> bytes:
    """The file with these tasks on Celery; routes that are in it already stay.

    PlanError where it is no JSON object.
    """
    try:
        routes = json.loads(existing or b"{}")
    except ValueError:
        routes = None
    if not isinstance(routes, dict):
        raise PlanError(
            "it is no JSON object of task names and routes",
            where=ROUTES_FILE,
            hint='It should read like {"shop.tidy": "celery"}. Correct or remove it.',
        )
    for task in tasks:
        routes.setdefault(task, "celery")
    return (json.dumps(routes, indent=2, sort_keys=True) + "\n").encode()
