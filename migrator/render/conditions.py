"""Conditions of entries in the generated package: the expression and its imports."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Names that entries.py itself has.
RESERVED = frozenset(
    {
        *("annotations", "config", "datetime", "Entry", "ENTRIES", "UTC"),
        *("CronTrigger", "IntervalTrigger", "WallClockTrigger"),
    }
)


class Conditions:
    """Gives every name of every condition one meaning within a module."""

    def __init__(self) -> None:
        self._meanings: dict[str, tuple[str, str]] = {}  # name: module, its name there

    def expression(self, guard: str, lines: Sequence[str]) -> str:
        """The condition, with those names renamed that mean something else already."""
        renamed: dict[str, str] = {}
        for line in lines:
            module, original, name = _parts(line)
            chosen, number = name, 2
            while chosen in RESERVED or self._meanings.get(
                chosen, (module, original)
            ) != (module, original):
                chosen, number = f"{name}_{number}", number + 1
            self._meanings[chosen] = (module, original)
            renamed[name] = chosen
        tree = ast.parse(guard, mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = renamed.get(node.id, node.id)
        return f"bool({ast.unparse(tree)})"

    def imports(self, fixed: Iterable[str], own: Iterable[str]) -> list[str]:
        """All import lines, `fixed` ones among them, grouped and sorted.

        `own` are the names of the project's top-level packages.
        """
        from_lines: dict[str, list[str]] = {}
        lines = [*fixed]
        for name, (module, original) in self._meanings.items():
            alias = "" if name == (original or module) else f" as {name}"
            if original:
                from_lines.setdefault(module, []).append(f"{original}{alias}")
            else:
                lines.append(f"import {module}{alias}")
        lines += [
            f"from {module} import {', '.join(sorted(names))}"
            for module, names in from_lines.items()
        ]
        groups: list[list[str]] = [[], [], []]
        for line in sorted(lines, key=lambda line: (line.startswith("from "), line)):
            groups[_group(line, frozenset(own))].append(line)
        text = "\n\n".join("\n".join(group) for group in groups if group)
        return text.splitlines()


def _group(line: str, own: frozenset[str]) -> int:
    top = line.split()[1].partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    return 2 if top in own else 1


def _parts(line: str) -> tuple[str, str, str]:
    """(module, name in it or "", bound name) of an import line with one name."""
    (node,) = ast.parse(line).body
    if isinstance(node, ast.ImportFrom):
        (alias,) = node.names
        return node.module or "", alias.name, alias.asname or alias.name
    if isinstance(node, ast.Import):
        (alias,) = node.names
        return alias.name, "", alias.asname or alias.name
    raise ValueError(f"no import: {line}")
