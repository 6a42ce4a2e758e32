"""What `self.name` may be where a class leaves it to its subclasses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.found import is_none
from migrator.scan.handle import Handle

if TYPE_CHECKING:
    from migrator.scan.definitions import Definitions
    from migrator.scan.facts import FileFacts, Scope
    from migrator.scan.found import Found
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver

OWN = frozenset({"self", "cls"})


class SubclassMembers:
    """Answers for an attribute that the class itself sets to None, or not at all.

    The tasks that are made once for each subclass are such members as well.
    """

    def __init__(
        self, deep: Resolver, definitions: Definitions, handles: Handles
    ) -> None:
        self._deep = deep  # a base may be in a file that no filter has kept
        self._definitions = definitions
        self._handles = handles
        self._files: list[FileFacts] = []

    def prepare(self, files: list[FileFacts]) -> None:
        self._files = files

    def of(self, facts: FileFacts, scope: int, node: ast.expr) -> list[Handle]:
        """What the subclasses set, seen or unseen; empty: nothing is left to them."""
        if not isinstance(node, ast.Attribute):
            return []
        name = _own_object(node.value)
        if not name:
            return []
        found: list[Handle] = []
        for owner in self._deep.chain(facts, scope, (name,)):
            if owner.kind == "instance" and not owner.rest:
                found += self._below(owner, node.attr)
        return list(dict.fromkeys(found))

    def _below(self, owner: Found, name: str) -> list[Handle]:
        is_open = self._is_left_open(owner, name)
        found: list[Handle] = []
        for facts in self._files:
            for scope in facts.scopes:
                if scope.kind != "class":
                    continue
                made = self._definitions.tasks.get(
                    (facts.path, f"{scope.qualname}.{name}")
                )
                is_set = is_open and name in scope.bindings
                if (made or is_set) and self._is_below(facts, scope, owner):
                    found += (
                        [Handle("task", made.task.name)]
                        if made
                        else self._set_in(facts, scope, name)
                    )
        return found

    def _is_left_open(self, owner: Found, name: str) -> bool:
        return all(
            one.rest or is_none(one) or _is_only_annotated(one)
            for one in self._deep.members(owner, (name,))
        )

    def _is_below(self, facts: FileFacts, scope: Scope, owner: Found) -> bool:
        return any(
            base.key == owner.key
            for one in self._class(facts, scope)
            for base in self._deep.bases_of(one)
        )

    def _class(self, facts: FileFacts, scope: Scope) -> list[Found]:
        index = facts.by_qualname.get(scope.qualname)
        if index is None:
            return []
        definition = facts.definitions[index]
        found = self._deep.chain(facts, definition.scope, (definition.name,))
        return [one for one in found if one.definition is definition]

    def _set_in(self, facts: FileFacts, scope: Scope, name: str) -> list[Handle]:
        return [
            handle
            for one in self._class(facts, scope)
            for member in self._deep.members(one, (name,))
            if not is_none(member)
            for handle in self._handles.of_found(member)
        ]


def _is_only_annotated(found: Found) -> bool:
    """`task: Task` in the body of a class, without a value."""
    if found.kind != "parameter" or found.facts is None:
        return False
    return found.facts.scopes[found.scope].kind == "class"


def _own_object(node: ast.expr) -> str:
    """`self` of `self`, `type(self)` and `self.__class__`."""
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        node = node.value
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "type"
        and len(node.args) == 1
    ):
        node = node.args[0]
    return node.id if isinstance(node, ast.Name) and node.id in OWN else ""
