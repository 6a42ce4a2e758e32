"""Which Celery application the processes are to import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.model import CeleryApp, Inventory

OPTION = "--app"


def celery_application(inventory: Inventory) -> str:
    """`package.module.variable`; "" where none can be imported by a name.

    The first of the source that its module holds. One that a factory makes is a local
    variable there: then it is what the project's own commands say with `--app`.
    """
    for app in inventory.apps:
        if _is_of_module(app):
            return app.variable
    for process in inventory.processes:
        given = dict(process.options).get(OPTION, "")
        name = given.replace(":", ".")
        if "." not in name or not all(part.isidentifier() for part in name.split(".")):
            continue
        if ":" in given or not _is_module(name, inventory):
            return name
    return ""


def without_application(inventory: Inventory) -> Inventory:
    """The inventory of a project that has nothing left to import an application for."""
    processes = tuple(
        replace(process, options=tuple(o for o in process.options if o[0] != OPTION))
        for process in inventory.processes
    )
    return replace(inventory, apps=(), processes=processes)


def _is_module(name: str, inventory: Inventory) -> bool:
    """`-A shop.app` names a module, in which Celery itself looks for its object."""
    path = name.replace(".", "/")
    ends = (f"/{path}.py", f"/{path}/__init__.py")
    return any(f"/{file.path}".endswith(ends) for file in inventory.files)


def _is_of_module(app: CeleryApp) -> bool:
    module = app.variable.rpartition(".")[0].replace(".", "/")
    file = app.location.path.removesuffix(".py").removesuffix("/__init__")
    return bool(module) and f"/{file}".endswith(f"/{module}")
