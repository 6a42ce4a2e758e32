"""The command line of a worker: the parameters of its task, and those of an entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from migrator.render.literals import python

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from migrator.model import Parameter, ScheduleEntry, TaskDefinition

# Annotations whose text on the command line is the value itself; others are JSON.
PLAIN_TYPES = ("int", "float", "str")
OWN_OPTIONS = frozenset({"entry", "slot", "help"})


class NoWorkerError(ValueError):
    """The task cannot be started from a command line; the message says why."""


def parameters_of(definition: TaskDefinition) -> tuple[Parameter, ...]:
    """The parameters that can be given; NoWorkerError where one cannot be named."""
    found = definition.given_parameters
    for parameter in found:
        if parameter.kind in {"positional-only", "var-positional"}:
            raise NoWorkerError(f"parameter {parameter.name} cannot be given by name")
        if parameter.name in OWN_OPTIONS:
            raise NoWorkerError(f"parameter {parameter.name} is an option of workers")
    return tuple(p for p in found if p.kind != "var-keyword")


def parser_lines(definition: TaskDefinition) -> list[str]:
    """Calls of `add_argument`, one for each parameter."""
    lines = []
    for parameter in parameters_of(definition):
        words = [python(f"--{_flag(parameter.name)}")]
        if _flag(parameter.name).replace("-", "_") != parameter.name:
            words.append(f"dest={python(parameter.name)}")
        if _reader(parameter) != "str":
            words.append(f"type={_reader(parameter)}")
        if parameter.default is None:
            words.append("required=True")
        lines.append(f"made.add_argument({', '.join(words)})")
    return lines


def usage_of(definition: TaskDefinition) -> str:
    """The required parameters as they stand behind the command."""
    required = [p for p in parameters_of(definition) if p.default is None]
    return "".join(f" --{_flag(p.name)}=..." for p in required)


def arguments_of(entry: ScheduleEntry, definition: TaskDefinition) -> tuple[str, ...]:
    """The arguments of an entry, as words of a command line.

    NoWorkerError where they do not fit the signature, or JSON cannot carry them.
    """
    parameters = parameters_of(definition)
    positional = entry.args.value if entry.args is not None else ()
    given = entry.kwargs.value if entry.kwargs is not None else {}
    named = _named(parameters, positional, given)
    by_name = {parameter.name: parameter for parameter in parameters}
    return tuple(
        f"--{_flag(name)}={_text(by_name[name], value)}"
        for name, value in named.items()
    )


def _named(
    parameters: Sequence[Parameter], positional: Any, given: Any
) -> dict[str, Any]:
    if not isinstance(positional, tuple | list) or not isinstance(given, dict):
        raise NoWorkerError("its arguments are no list and no table")
    names = [p.name for p in parameters if p.kind == "positional"]
    known = {p.name for p in parameters}
    if len(positional) > len(names) or not set(given) <= known:
        raise NoWorkerError("its arguments do not fit the signature of the task")
    named = dict(zip(names, positional, strict=False))
    if set(named) & set(given):
        raise NoWorkerError("it gives an argument twice")
    return named | given


def _flag(name: str) -> str:
    return name.strip("_").replace("_", "-")


def _reader(parameter: Parameter) -> str:
    plain = parameter.annotation in PLAIN_TYPES
    return parameter.annotation if plain else "json.loads"


def _text(parameter: Parameter, value: Any) -> str:
    if _reader(parameter) == "str" and isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if _reader(parameter) in {"int", "float"} and is_number:
        return repr(value)
    if _reader(parameter) != "json.loads":
        raise NoWorkerError(
            f"{value!r} for {parameter.name} is no {parameter.annotation}"
        )
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NoWorkerError(f"JSON cannot carry {value!r}") from error
