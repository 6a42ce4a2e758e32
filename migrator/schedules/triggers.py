"""Trigger expressions of generated code, and the real objects they stand for."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_MODULE = "migrator.schedules.generated_triggers"


@dataclass(frozen=True, slots=True)
class TriggerSource:
    """A Python expression, and the (module, name) pairs that it needs.

    The module `.triggers` is the one of the generated package.
    """

    expression: str
    imports: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.expression

    def build(self) -> Any:
        """The trigger itself, made from the very text that generated code holds."""
        names = {name: _imported(module, name) for module, name in self.imports}
        # The expression is ours: numbers and checked zone names, no text of the project
        return eval(self.expression, {"__builtins__": {}}, names)  # noqa: S307


def _imported(module: str, name: str) -> Any:
    if module == ".triggers":
        return getattr(generated_triggers(), name)
    return getattr(importlib.import_module(module), name)


@cache
def generated_triggers() -> ModuleType:
    """The triggers module as it is shipped to users, loaded from its file."""
    package = Path(__file__).resolve().parent.parent
    folders = (package / "_templates", package.parent / "templates")
    found = [folder for folder in folders if folder.is_dir()]
    path = found[0] / "apscheduler" / "triggers.py"
    specification = importlib.util.spec_from_file_location(_MODULE, path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(specification)
    sys.modules[_MODULE] = module  # pickle looks the class up by this name
    specification.loader.exec_module(module)
    return module
