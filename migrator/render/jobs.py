"""The module of each task that schedule entries call."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import DefinitionKind, TaskDefinition
from migrator.render.environment import rendered
from migrator.render.literals import in_docstring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import PlannedTask

# The name in the module is the task itself; for the others it is not, or not surely.
IMPORTABLE = frozenset(
    {
        DefinitionKind.SHARED,
        DefinitionKind.APP,
        DefinitionKind.WRAPPER,
        DefinitionKind.LIGHT,
    }
)
# Attributes of `self.request` that only a delivery through a queue fills in.
QUEUE_CALLS = ("retry", "replace", "update_state", "add_to_chord", "send_event")
QUEUE_OPTIONS = frozenset({"autoretry_for", "retry_backoff", "acks_late"})

BY_DELAY = (
    "It is sent to the task's queue, because the task counts its attempts or looks at\n"
    "its request: whoever works off the queue runs the body. The timeout of the entry\n"
    "covers the sending only."
)
BY_CALL = (
    "It calls the task, which runs the body in a thread of the scheduler. A thread\n"
    "cannot be ended: a body that takes longer than the timeout of its entry is\n"
    "reported, and runs on. Give its own calls (HTTP, SQL) shorter timeouts."
)
BY_AWAIT = (
    "It awaits the body in the event loop of the scheduler, and is cancelled there\n"
    "when it takes longer than the timeout of its entry."
)


@dataclass(frozen=True, slots=True)
class Job:
    """A generated module `jobs/<module>.py` with a function `run`."""

    task: str
    module: str
    content: bytes
    is_async: bool


def expects_queue(definition: TaskDefinition, *, but_late_acks: bool = False) -> bool:
    """Whether a plain call of the task would not do what a worker does.

    `but_late_acks` leaves out the option acks_late, for a caller that keeps it.
    """
    given = {option.name for option in definition.options}
    if given & QUEUE_OPTIONS - ({"acks_late"} if but_late_acks else set()):
        return True
    if not definition.is_bound or definition.body is None:
        return False
    receiver = definition.parameters[0].name if definition.parameters else "self"
    names = {f"{receiver}.{call}" for call in QUEUE_CALLS}
    calls = {call.target for call in definition.body.calls}
    return bool(definition.body.request_attributes) or not names.isdisjoint(calls)


def acks_late(definition: TaskDefinition) -> bool:
    """Whether Celery runs the task again after its worker died."""
    return any(o.name == "acks_late" and o.value for o in definition.options)


def jobs_of(tasks: Sequence[PlannedTask], *, finished: bool) -> dict[str, Job]:
    """By task name."""
    definitions = [task.definition for task in tasks]
    modules = module_names(definitions)
    return {
        definition.name: _job(definition, modules[definition.name], finished=finished)
        for definition in definitions
    }


def module_names(definitions: Sequence[TaskDefinition]) -> dict[str, str]:
    """By task name: its function, after as much of its path as tells it from others.

    Never one for two: of `shop.tasks.send` and `billing.tasks.send` the file is called
    the same as well, and one job would take the place of the other.
    """
    paths = {
        each.name: [*each.module.split("."), each.function] for each in definitions
    }
    found: dict[str, str] = {}
    for length in range(1, max(map(len, paths.values()), default=0) + 1):
        left = {
            name: "_".join(path[-length:])
            for name, path in paths.items()
            if name not in found
        }
        held = Counter([*left.values(), *found.values()])
        found |= {name: module for name, module in left.items() if held[module] == 1}
    alike = [name for name in paths if name not in found]
    for name in alike:  # one function with several task names
        found[name] = f"{'_'.join(paths[name])}_{len(found)}"
    return found


def _job(definition: TaskDefinition, module: str, *, finished: bool) -> Job:
    # A finished task is a plain function: it has neither attempts nor a registry.
    by_delay = not finished and expects_queue(definition)
    by_registry = not finished and not is_importable(definition)
    is_async = definition.is_async and not by_delay
    explanation = BY_AWAIT if is_async else BY_DELAY if by_delay else BY_CALL
    content = rendered(
        "apscheduler/jobs/job.py.j2",
        task=definition.name,
        title=in_docstring(definition.name),
        explanation=explanation,
        by_registry=by_registry,
        module=definition.module,
        function=definition.function,
        is_async=is_async,
        call_prefix="await " if is_async else "",
        call_suffix=".delay" if by_delay else "",
    )
    return Job(definition.name, module, content, is_async)


def is_importable(definition: TaskDefinition) -> bool:
    """Whether the name in the task's module is the task itself."""
    words = [*definition.module.split("."), definition.function]
    is_plain = definition.qualified_name == ".".join(words)
    return (
        definition.kind in IMPORTABLE
        and is_plain
        and all(word.isidentifier() for word in words)
    )
