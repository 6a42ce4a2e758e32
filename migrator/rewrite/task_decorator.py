"""The decorator of a task: `@shared_task(...)` -> `@light_task(name=..., ...)`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import libcst as cst

from migrator.rewrite.arguments import fitted, keyword, prepend

if TYPE_CHECKING:
    from migrator.rewrite.edits import DecoratorEdit


def replaced(
    node: cst.Decorator, edit: DecoratorEdit, light_task: str, column: int
) -> cst.Decorator:
    """The decorator with the shim's function, all its options kept verbatim.

    `column` is where the expression after `@` begins. The name is frozen as text: a
    computed name depends on how a module was imported.
    """
    expression = node.decorator
    call = expression if isinstance(expression, cst.Call) else cst.Call(func=expression)
    call = call.with_changes(func=cst.Name(light_task))
    added = []
    if edit.app:
        added.append(keyword("app", cst.parse_expression(edit.app)))
    if edit.name:
        added.append(keyword("name", cst.SimpleString(json.dumps(edit.name))))
    if added:
        call = fitted(prepend(call, *added), column)
    elif not call.args and not isinstance(expression, cst.Call):
        return node.with_changes(decorator=cst.Name(light_task))
    return node.with_changes(decorator=call)


def adopted(node: cst.Decorator, light_task: str) -> list[cst.Decorator]:
    """`@light_task` above a decorator that stays; comments keep their place."""
    above = cst.Decorator(
        decorator=cst.Name(light_task), leading_lines=node.leading_lines
    )
    return [above, node.with_changes(leading_lines=())]
