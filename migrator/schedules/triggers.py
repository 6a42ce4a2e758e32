"""Schedule expressions of generated code, and the real objects they stand for."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from migrator.shipped import templates_folder

if TYPE_CHECKING:
    from datetime import datetime

_PACKAGE = "migrator_generated"


@dataclass(frozen=True, slots=True)
class TriggerSource:
    """A Python expression, and the (module, name) pairs that it needs.

    Modules that begin with a dot are those of the generated package.
    """

    expression: str
    imports: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.expression

    def build(self) -> Any:
        """The object itself, made from the very text that generated code holds."""
        names = {name: _imported(module, name) for module, name in self.imports}
        # The expression is ours: numbers and checked zone names, no text of the project
        return eval(self.expression, {"__builtins__": {}}, names)  # noqa: S307


@dataclass(frozen=True, slots=True)
class Guard(TriggerSource):
    """Says which of the times that the cron strings name are real runs."""

    def __call__(self, scheduled: datetime) -> bool:
        """Whether to run; `scheduled` is the start time that Kubernetes had planned.

        ValueError where it has no time zone: it could be any of 24 hours.
        """
        if scheduled.tzinfo is None:
            raise ValueError(f"scheduled has no time zone: {scheduled}")
        return bool(self.build().includes(scheduled))


def _imported(module: str, name: str) -> Any:
    if module.startswith("."):
        return getattr(generated_module(module[1:]), name)
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "apscheduler":
            raise
        hint = "a trigger object needs it: pip install 'apscheduler>=3.11.1,<4'"
        raise ModuleNotFoundError(f"{error}; {hint}", name=error.name) from error


@cache
def generated_module(name: str) -> ModuleType:
    """A file of the templates as it is shipped to users, e.g. `triggers` or `clock`."""
    folder = templates_folder() / "apscheduler"
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(folder)]
        package.__spec__ = ModuleSpec(_PACKAGE, None, is_package=True)
        sys.modules[_PACKAGE] = package  # relative imports and pickles look there
    return importlib.import_module(f"{_PACKAGE}.{name}")
