"""The rules: one criterion per file, registered under the name of its file.

Nothing is registered by importing `migrator.classify`: `load()` imports the files of
`criteria/` once, when somebody classifies or asks for the rules.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from migrator.classify.weights import WEIGHTS
from migrator.model import Finding, Location

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext

Criterion = Callable[["TaskContext"], Iterable[Finding]]


class Kind(StrEnum):
    VETO = "veto"  # the task stays on Celery, whatever its score
    UNKNOWN = "unknown"  # something could not be read: never light by itself
    SIGNAL = "signal"  # adds its weight to the score


@dataclass(frozen=True, slots=True)
class Rule:
    """What `migrate explain` and the reference page say about one criterion."""

    id: str
    summary: str
    explanation: str
    kind: Kind
    weight: int
    guidance: str
    example: str
    is_measurable: bool  # its unknowns concern the run time, which evidence can tell
    needs_levels: bool  # reads what the other rules made of the task's callees


@dataclass(frozen=True, slots=True)
class Registered:
    rule: Rule
    criterion: Criterion


_REGISTERED: dict[str, Registered] = {}


def criterion(
    kind: Kind,
    *,
    summary: str,
    guidance: str,
    example: str,
    is_measurable: bool = False,
    needs_levels: bool = False,
) -> Callable[[Criterion], Criterion]:
    """Register the function as the criterion of its file.

    The id is the file's name in kebab case, the explanation is the file's docstring,
    the weight stands in the one table of weights.
    """

    def register(function: Criterion) -> Criterion:
        rule_id = function.__module__.rpartition(".")[2].replace("_", "-")
        rule = Rule(
            id=rule_id,
            summary=summary,
            explanation=inspect.cleandoc(function.__globals__["__doc__"]),
            kind=kind,
            weight=WEIGHTS.get(rule_id, 0),
            guidance=guidance,
            example=inspect.cleandoc(example),
            is_measurable=is_measurable,
            needs_levels=needs_levels,
        )
        _REGISTERED[rule_id] = Registered(rule, function)
        return function

    return register


def load() -> tuple[Registered, ...]:
    """Every rule, in the order of its id; imports the criteria on the first call."""
    package = import_module("migrator.classify.criteria")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return tuple(_REGISTERED[rule_id] for rule_id in sorted(_REGISTERED))


def findings_of(registered: Registered, context: TaskContext) -> tuple[Finding, ...]:
    """What one rule says of one task, under the rule's id."""
    seen = registered.criterion(context)
    return tuple(replace(finding, rule=registered.rule.id) for finding in seen)


# A criterion does not know its own id or weight: the engine fills them in.


def veto(message: str, location: Location) -> Finding:
    return Finding("", message, location, is_veto=True)


def unknown(message: str, location: Location) -> Finding:
    return Finding("", message, location, is_unknown=True)


def signal(message: str, location: Location) -> Finding:
    """Counts with the rule's weight, once for each task however often it is seen."""
    return Finding("", message, location, weight=1)


def note(message: str, location: Location) -> Finding:
    """Told to the reader, without weight."""
    return Finding("", message, location)
