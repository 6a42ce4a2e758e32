"""What of a task's own definition keeps it a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Location, Option, TaskDefinition

# Options that mean nothing once nobody sends the task: names, queues, results, and
# the retries of a body that never asks for one.
MEANINGLESS = frozenset(
    {
        "app",
        "compression",
        "default_retry_delay",
        "exchange",
        "expires",
        "ignore_result",
        "max_retries",
        "name",
        "priority",
        "queue",
        "resultrepr_maxsize",
        "routing_key",
        "send_events",
        "serializer",
        "store_errors_even_if_ignored",
        "throws",
        "track_started",
        "trail",
        "typing",
    }
)
WHY = {
    "acks_late": "it is run again after a crash, which a plain call is not",
    "autoretry_for": "it is retried",
    "bind": "its body uses the task that it is bound to",
    "base": "its class adds behaviour",
}


def definition_reasons(
    definition: TaskDefinition, *, is_double: bool
) -> Iterator[tuple[Location, str]]:
    """Each reason with its place; none: the decorator can go."""
    place = definition.location
    if definition.wrapper:
        yield (
            definition.decorator,
            f"the project's own decorator {definition.wrapper} makes it a task",
        )
        return
    if not definition.name_is_explicit:
        yield (
            definition.decorator,
            "it was moved as it stood: the decorator below still makes it a task",
        )
        return
    if definition.has_spread:
        yield definition.decorator, "options of its decorator are computed"
    for option in definition.options:
        if option.name not in MEANINGLESS and not _is_off(option):
            why = WHY.get(option.name, "a plain function has nothing like it")
            yield definition.decorator, f"{option.name}={option.source}: {why}"
    if definition.is_bound and not _has(definition, "bind"):
        yield place, WHY["bind"]
    if definition.decorators_above:
        above = ", ".join(definition.decorators_above)
        yield place, f"decorators above it are given the task: {above}"
    if definition.qualified_name != f"{definition.module}.{definition.function}":
        yield place, f"it is defined inside of something: {definition.qualified_name}"
    if is_double:
        yield place, "its name is given to two definitions"


def _is_off(option: Option) -> bool:
    return option.is_literal and option.value in (None, False)


def _has(definition: TaskDefinition, name: str) -> bool:
    return any(option.name == name for option in definition.options)
