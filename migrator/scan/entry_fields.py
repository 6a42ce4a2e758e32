"""The keys of a schedule entry, whether written as a literal or as `dict(...)`."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import Option
from migrator.scan.options import option_of, text_of

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of an entry, and whether more are spread into it."""

    nodes: dict[str, ast.expr]
    spreads: tuple[ast.expr, ...]


def fields_of(node: ast.Dict | ast.Call) -> Fields:
    nodes: dict[str, ast.expr] = {}
    spreads: list[ast.expr] = []
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spreads.append(value)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                nodes[key.value] = value
    else:
        spreads += node.args
        for word in node.keywords:
            if word.arg is None:
                spreads.append(word.value)
            else:
                nodes[word.arg] = word.value
    return Fields(nodes, tuple(spreads))


def is_entry(node: ast.expr) -> bool:
    if isinstance(node, ast.Dict | ast.Call):
        return "schedule" in fields_of(node).nodes
    return False


def field_option(
    facts: FileFacts, nodes: dict[str, ast.expr], name: str
) -> Option | None:
    node = nodes.get(name)
    return None if node is None else option_of(facts, name, node)


def nested_options(facts: FileFacts, node: ast.expr | None) -> tuple[Option, ...]:
    if node is None:
        return ()
    if not isinstance(node, ast.Dict | ast.Call):
        return (Option("**", text_of(facts, node)),)
    fields = fields_of(node)
    found = [option_of(facts, name, value) for name, value in fields.nodes.items()]
    found += [Option("**", text_of(facts, spread)) for spread in fields.spreads]
    return tuple(found)


def is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and not node.value
