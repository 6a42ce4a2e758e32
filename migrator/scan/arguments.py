"""Which parameter of the project's own code an argument of a call becomes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.scan.facts import CallFact, Definition, FileFacts, Given
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

MEMBER = "[]"  # after a name: a member of the list or tuple of that name
NAMES = (ast.Name, ast.Attribute)
LISTS = (ast.List, ast.Tuple, ast.Set)
FOLLOWED = (*NAMES, *LISTS, ast.IfExp, ast.BoolOp)
BY_PLACE = frozenset({"positional-only", "positional"})

Parameter = tuple[str, int, str]  # path, scope of the function, name
Function = tuple["FileFacts", "Definition", int]  # how many parameters are bound


def note_arguments(given: dict[int, Given], call: ast.Call, index: int) -> None:
    """Write down the names among the arguments, by id, with position or keyword."""
    for position, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            break  # the positions after it are known only at run time
        if isinstance(argument, FOLLOWED):
            _note(given, argument, (index, str(position)))
    for word in call.keywords:
        if word.arg is not None and isinstance(word.value, FOLLOWED):
            _note(given, word.value, (index, word.arg))


def _note(given: dict[int, Given], node: ast.expr, place: Given) -> None:
    if isinstance(node, NAMES):
        given[id(node)] = place
    elif isinstance(node, ast.IfExp):
        _note(given, node.body, place)
        _note(given, node.orelse, place)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            _note(given, value, place)
    elif isinstance(node, LISTS):
        index, slot = place
        for member in node.elts:
            if isinstance(member, NAMES):
                given[id(member)] = (index, slot + MEMBER)


class Arguments:
    """Leads from a call to the functions and classes of the project that it reaches."""

    def __init__(self, deep: Resolver) -> None:
        self._deep = deep  # the callee may be in a file that no filter has kept

    def taken_as(
        self, facts: FileFacts, call: CallFact, slot: str, first: list[Found]
    ) -> list[Parameter]:
        """The parameters that an argument becomes; `first` is what argument 0 is."""
        bare = slot.removesuffix(MEMBER)
        ending = slot[len(bare) :]
        found: list[Parameter] = []
        for callee in self._callees(facts, call):
            if callee.kind == "external" and bare.isdecimal() and bare != "0":
                # `partial(f, task)`, `executor.submit(f, task)`
                for inner in first:
                    place = str(int(bare) - 1)
                    found += self._of_callee(inner, place, ending, is_whole=False)
            else:
                is_whole = any(one.kind == "instance" for one in first)
                found += self._of_callee(callee, bare, ending, is_whole=is_whole)
        return list(dict.fromkeys(found))

    def _callees(self, facts: FileFacts, call: CallFact) -> list[Found]:
        if call.chain[0] == "super":
            return self._above(facts, call)
        return self._deep.chain(facts, call.scope, call.chain)

    def _above(self, facts: FileFacts, call: CallFact) -> list[Found]:
        """`super().name()`: the first class above that has the method."""
        scope = call.scope
        while scope > 0 and facts.scopes[scope].kind != "class":
            scope = facts.scopes[scope].parent
        index = facts.by_qualname.get(facts.scopes[scope].qualname)
        if index is None:
            return []
        definition = facts.definitions[index]
        for owner in self._deep.chain(facts, definition.scope, (definition.name,)):
            for base in self._deep.bases_of(owner):
                found = self._deep.members(base, call.chain[1:])
                if any(one.definition is not None and not one.rest for one in found):
                    return found
        return []

    def _of_callee(
        self, callee: Found, slot: str, ending: str, *, is_whole: bool
    ) -> Iterator[Parameter]:
        owner = self._deep.class_of(callee) if callee.kind == "value" else None
        if owner is not None:  # an object of a class with `__call__`
            for one in self._deep.members(owner, ("__call__",)):
                yield from _of_function(one, slot, ending, is_whole=False)
            return
        definition = callee.definition
        if definition is None or callee.facts is None or callee.rest:
            return
        if not definition.is_class:
            yield from _of_function(callee, slot, ending, is_whole=is_whole)
            return
        makers = self._deep.members(callee, ("__init__",))
        functions = [one for one in makers if one.definition and not one.rest]
        for one in functions:
            yield from _of_function(one, slot, ending, is_whole=False)
        if not functions:
            yield from _of_fields(callee.facts, definition, slot, ending)


def _of_function(
    function: Found, slot: str, ending: str, *, is_whole: bool
) -> Iterator[Parameter]:
    """`is_whole`: the object is given as well, as in `Base.__init__(self, task)`."""
    facts, definition = function.facts, function.definition
    if facts is None or definition is None or definition.is_class or function.rest:
        return
    ordered = [one.name for one in definition.parameters if one.kind in BY_PLACE]
    if facts.scopes[definition.scope].kind == "class" and not is_whole:
        above = {ast.unparse(one) for one in definition.decorators}
        ordered = ordered if "staticmethod" in above else ordered[1:]
    name = ""
    if not slot.isdecimal():
        known = {one.name for one in definition.parameters}
        name = slot + ending if slot in known else ""
    elif int(slot) < len(ordered):
        name = ordered[int(slot)] + ending
    elif not ending:
        rest = [p.name for p in definition.parameters if p.kind == "var-positional"]
        name = rest[0] + MEMBER if rest else ""
    if name:
        yield facts.path, definition.inner, name


def _of_fields(
    facts: FileFacts, definition: Definition, slot: str, ending: str
) -> Iterator[Parameter]:
    """Of a dataclass and its kin: what is annotated in the body of the class."""
    bindings = facts.scopes[definition.inner].bindings
    fields = [
        name
        for name, bound in bindings.items()
        if bound[0].kind in {BindingKind.PARAMETER, BindingKind.VALUE}
    ]
    if slot.isdecimal() and int(slot) < len(fields):
        yield facts.path, definition.inner, fields[int(slot)] + ending
    elif slot in bindings:
        yield facts.path, definition.inner, slot + ending
