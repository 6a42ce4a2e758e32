"""Which Celery application the processes are to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.model import CeleryApp, Inventory


def celery_application(inventory: Inventory) -> str:
    """`package.module.variable`; "" where none can be imported by a name.

    The first of the source that its module holds. One that a factory makes is a local
    variable there: then it is what the project's own commands say with `--app`.
    """
    for app in inventory.apps:
        if _is_of_module(app):
            return app.variable
    for process in inventory.processes:
        name = dict(process.options).get("--app", "").replace(":", ".")
        if "." in name and all(part.isidentifier() for part in name.split(".")):
            return name
    return ""


def _is_of_module(app: CeleryApp) -> bool:
    module = app.variable.rpartition(".")[0].replace(".", "/")
    file = app.location.path.removesuffix(".py").removesuffix("/__init__")
    return bool(module) and f"/{file}".endswith(f"/{module}")
