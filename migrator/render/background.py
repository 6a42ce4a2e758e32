"""The endpoints of the `background` target: which files, and what is filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.application import celery_application
from migrator.errors import PlanError
from migrator.model import Refusal, Target
from migrator.render.background_body import Body, NoBodyError, body_of
from migrator.render.background_names import Import, import_lines
from migrator.render.entries import DEFAULT_TIMEOUT
from migrator.render.environment import plain, rendered
from migrator.render.jobs import (
    acks_late,
    expects_queue,
    is_importable,
    module_names,
)
from migrator.render.literals import expression, in_docstring, python
from migrator.render.monitoring import for_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from migrator.model import Inventory, Plan, PlannedTask

    Read = Callable[[str], bytes | None]

SHARED = (
    "locks.py",
    "locks_redis.py",
    "locks_sql.py",
    "logs.py",
    "metrics.py",
    "pings.py",
    "tables.py",
)
OWN = (
    "background.py",
    "endpoints.py",
    "records.py",
    "records_redis.py",
    "records_sql.py",
    "testing_calls.py",
)
# What the generated module itself calls something.
TAKEN = frozenset(
    {"APIRouter", "Accepted", "Arguments", "BackgroundTasks", "BaseModel", "Field"}
    | {"ConfigDict", "Overview", "State", "TaskRoute", "WORK", "Work"}
    | {"START_ERRORS", "STATE_ERRORS", "STATUS_ERRORS"}
    | {"config", "offer", "overview", "router", "run", "start", "state", "state_of"}
    | {"status", "annotations", "arguments", "call_id", "background", "current_app"}
)
FROM_ENDPOINTS = (
    *(
        "START_ERRORS",
        "STATE_ERRORS",
        "STATUS_ERRORS",
        "Accepted",
        "Overview",
        "State",
        "TaskRoute",
    ),
    *("offer", "overview", "state_of"),
)
PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")

BY_CALL = (
    "It calls the task, which runs the body in a thread of the web process. A thread\n"
    "cannot be ended: past its timeout it is reported, and runs on. Give the calls of\n"
    "the body (HTTP, SQL) shorter timeouts."
)
BY_AWAIT = (
    "It awaits the body in the event loop of the web process, and is cancelled when\n"
    "it takes longer than its timeout."
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    task: PlannedTask
    module: str
    path: str
    body: Body


def wants_endpoint(task: PlannedTask) -> bool:
    """Its target is `background`, or the option `endpoint` of its stanza says so."""
    is_asked = bool(task.options.get("endpoint"))
    return task.moves and (task.target is Target.BACKGROUND or is_asked)


def background_refusals(
    plan: Plan, inventory: Inventory, read: Read
) -> tuple[Refusal, ...]:
    """Tasks of the target that can have no endpoint; they stay as they are.

    PlanError where an endpoint was asked for beside another target: what the task does
    there must not end because of it.
    """
    found = []
    for task in plan.tasks:
        if not wants_endpoint(task):
            continue
        try:
            _check(task, inventory)
            body_of(task.definition, read, TAKEN)
        except NoBodyError as error:
            definition = task.definition
            if task.target is not Target.BACKGROUND:
                raise _no_option(task, error) from error
            reason = f'no endpoint: {error}. target = "runner" moves it without one'
            found.append(Refusal(definition.name, definition.location, reason))
    return tuple(found)


def _no_option(task: PlannedTask, error: NoBodyError) -> PlanError:
    return PlanError(
        f"task {task.definition.name} can have no endpoint: {error}",
        where=str(task.definition.location),
        hint="Take the option endpoint out of its stanza in migrate.toml.",
    )


def _check(task: PlannedTask, inventory: Inventory) -> None:
    if "fastapi" not in inventory.frameworks:
        raise NoBodyError("the project has no FastAPI application")
    # Late acknowledgement is carried: the work may run again after a crash.
    if expects_queue(task.definition, but_late_acks=True):
        raise NoBodyError("the task counts its attempts, or looks at its request")


def background_package(
    plan: Plan, inventory: Inventory, read: Read, *, finished: bool
) -> dict[str, bytes]:
    """Files by their path inside the package; empty where no task has an endpoint."""
    endpoints = _endpoints(plan, read)
    if not endpoints:
        return {}
    package = plan.package
    modules = [endpoint.module for endpoint in endpoints]
    app = celery_application(inventory)
    files = {name: plain(f"apscheduler/{name}") for name in SHARED}
    files |= {name: plain(f"fastapi/{name}") for name in OWN} | for_processes()
    files |= {
        "__init__.py": plain("fastapi/__init__.py.j2"),
        "config.py": rendered("apscheduler/config.py.j2", namespace=package),
        "calls/__init__.py": plain("fastapi/calls/__init__.py"),
        "api_router.py": rendered(
            "fastapi/api_router.py.j2",
            package=package,
            imports=import_lines([Import(".calls", m, m) for m in modules], ()),
            modules=modules,
            app_module=app.rpartition(".")[0],
            app=app.rpartition(".")[2],
        ),
    }
    for endpoint in endpoints:
        files[f"calls/{endpoint.module}.py"] = _module(
            endpoint, package, finished=finished
        )
    return files


def _endpoints(plan: Plan, read: Read) -> list[Endpoint]:
    tasks = [task for task in plan.tasks if wants_endpoint(task)]
    modules = module_names([task.definition for task in tasks])
    found = []
    for task in sorted(tasks, key=lambda task: task.definition.name):
        definition = task.definition
        module = modules[definition.name]
        body = body_of(definition, read, TAKEN)
        found.append(Endpoint(task, module, _path(task, module), body))
    _refuse_equal_paths(found)
    return found


def _path(task: PlannedTask, module: str) -> str:
    given = task.options.get("endpoint", True)
    if given is True:
        return f"/tasks/{module}"
    if isinstance(given, str) and PATH.fullmatch(given):
        return given
    raise PlanError(
        f"option endpoint of task {task.definition.name} is no path: {given!r}",
        where="migrate.toml",
        hint='Write a path such as "/cleanup", or true for /tasks/<function>.',
    )


def _refuse_equal_paths(endpoints: Sequence[Endpoint]) -> None:
    seen: dict[str, str] = {}
    for endpoint in endpoints:
        name = endpoint.task.definition.name
        if endpoint.path in seen:
            raise PlanError(
                f"{seen[endpoint.path]} and {name} have the same endpoint "
                f"{endpoint.path}",
                where="migrate.toml",
                hint="Give one of them another path in its option endpoint.",
            )
        seen[endpoint.path] = name


def _module(endpoint: Endpoint, package: str, *, finished: bool) -> bytes:
    definition, body = endpoint.task.definition, endpoint.body
    own = (definition.module.partition(".")[0], package.partition(".")[0])
    imports = [*body.imports, *_fixed_imports(package, body)]
    by_registry = not finished and not is_importable(definition)
    if by_registry:
        imports.append(Import("celery", "current_app", "current_app"))
        callee = f"current_app.tasks[{python(definition.name)}]"
    else:
        callee = definition.function
        if callee in TAKEN or any(one.bound == callee for one in imports):
            callee = f"task_{callee}"
        imports.append(Import(definition.module, definition.function, callee))
    call = expression(f"{callee}({', '.join(body.arguments)})", 4, 0)
    is_async = definition.is_async
    return rendered(
        "fastapi/endpoint.py.j2",
        package=package,
        task=definition.name,
        title=in_docstring(definition.name),
        explanation=BY_AWAIT if is_async else BY_CALL,
        imports=import_lines(imports, own, body.only_types),
        fields=body.fields,
        is_async=is_async,
        call=f"await {call}" if is_async else call,
        path=endpoint.path,
        options=_options(endpoint),
    )


def _fixed_imports(package: str, body: Body) -> list[Import]:
    field = ("Field",) if body.has_aliases else ()
    names = {
        "fastapi": ("APIRouter", "BackgroundTasks"),
        "pydantic": ("BaseModel", "ConfigDict", *field),
        package: ("config",),
        f"{package}.background": ("Work",),
        f"{package}.endpoints": FROM_ENDPOINTS,
    }
    return [Import(m, name, name) for m, found in names.items() for name in found]


def _options(endpoint: Endpoint) -> list[tuple[str, str]]:
    task = endpoint.task
    variable = f"{endpoint.module.upper()}_TIMEOUT"
    default = task.options.get("timeout", DEFAULT_TIMEOUT)
    timeout = f"config.number({python(variable)}, {python(default)})"
    options = [("timeout", expression(timeout, 4, len("timeout=")))]
    if task.definition.is_async:
        options.insert(0, ("is_async", "True"))
    if acks_late(task.definition) or task.options.get("may_run_again"):
        options.append(("may_run_again", "True"))
    options += [
        (name, python(task.options[name]))
        for name in ("breaker_failures", "breaker_pause")
        if name in task.options
    ]
    return options
