"""Whether the condition of an entry can be asked elsewhere, and with which imports."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from migrator.scan.facts import MODULE_SCOPE, Binding, BindingKind
from migrator.scan.vocabulary import BEAT_NAME

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts

# They bind names, wait, or read what is around them.
UNPORTABLE = (
    *(ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
LOOKED_UP = frozenset({BindingKind.VALUE, BindingKind.DEFINITION, BindingKind.OPAQUE})


def guard_imports(guard: str, facts: FileFacts, scope: int) -> tuple[str, ...] | None:
    """The import lines that the names of `guard` need in another module.

    None where it means something at its own place only: it has local names, or names
    that are bound more than once, or asks for Celery's configuration.
    """
    try:
        tree = ast.parse(guard, mode="eval")
    except (SyntaxError, ValueError):
        return None
    lines: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, UNPORTABLE) or _asks_celery(node):
            return None
        if isinstance(node, ast.Name):
            line = _import_of(node.id, facts, scope)
            if line is None:
                return None
            lines.append(line)
    return tuple(line for line in dict.fromkeys(lines) if line)


def _asks_celery(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name == "conf" or bool(BEAT_NAME.search(name))


def _import_of(name: str, facts: FileFacts, scope: int) -> str | None:
    """The line that binds the name; empty for a builtin; None where there is none."""
    while scope != MODULE_SCOPE:
        if name in facts.scopes[scope].bindings:
            return None
        scope = facts.scopes[scope].parent
    bindings = facts.scopes[MODULE_SCOPE].bindings.get(name, [])
    if not bindings:
        is_builtin = hasattr(builtins, name) and not name.startswith("__")
        return "" if is_builtin and not facts.stars else None
    return _line(name, bindings[0], facts.module) if len(bindings) == 1 else None


def _line(name: str, binding: Binding, module: str) -> str | None:
    if binding.kind in LOOKED_UP:
        return f"from {module} import {name}"
    if binding.kind is not BindingKind.IMPORT:
        return None
    parent, _, last = binding.target.rpartition(".")
    alias = "" if last == name else f" as {name}"
    return f"from {parent} import {last}{alias}" if parent else f"import {last}{alias}"
