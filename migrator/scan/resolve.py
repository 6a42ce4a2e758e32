"""From a name in a file to what it stands for, across the project.

The answer is a list: a name that is bound twice (in `try` and `except`, in two
branches) may stand for either.
"""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.scan.elements import elements, items
from migrator.scan.facts import MODULE_SCOPE, Binding, BindingKind
from migrator.scan.found import NOWHERE, Found, distinct, is_none
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from migrator.scan.facts import Chain, FileFacts
    from migrator.scan.modules import ModuleIndex

MAX_DEPTH = 24  # aliases of aliases; beyond it the names go round in a circle
MAX_ALTERNATIVES = 12
MAX_MEMO = 10_000
PARTS = {BindingKind.ELEMENT: elements, BindingKind.ITEM: items}
BUILTINS = frozenset(dir(builtins))


class Resolver:
    """Looks names up in scopes, modules, classes and re-exports.

    `reads` says whether a file that no filter has kept is read when a name leads to it.
    """

    def __init__(self, modules: ModuleIndex, *, reads: bool = False) -> None:
        self.modules = modules
        self._reads = reads
        self._memo: dict[tuple[str, int, Chain], list[Found]] = {}

    def forget(self) -> None:
        """Look everything up again: more files have been read."""
        self._memo.clear()

    def forget_if_large(self) -> None:
        """Bound the memory: what was looked up for one file is rarely asked again."""
        if len(self._memo) > MAX_MEMO:
            self._memo.clear()

    # --------------------------------------------------------------- interface

    def expression(
        self, facts: FileFacts, scope: int, node: ast.expr, depth: int = 0
    ) -> list[Found]:
        """What an expression stands for; calls and literals stand for themselves."""
        if depth > MAX_DEPTH:
            return []
        if isinstance(node, ast.IfExp):
            return self._several(facts, scope, [node.body, node.orelse], depth)
        if isinstance(node, ast.BoolOp):
            return self._several(facts, scope, node.values, depth)
        if isinstance(node, ast.Name | ast.Attribute):
            chain, plain = flatten(node)
            if plain:
                return self.chain(facts, scope, chain, depth + 1)
            return self._attribute_of_value(facts, scope, node, depth)
        return [Found("value", "", facts, None, node, scope)]

    def chain(
        self, facts: FileFacts, scope: int, chain: Chain, depth: int = 0
    ) -> list[Found]:
        """What a dotted name stands for in a scope."""
        if depth > MAX_DEPTH:
            return []
        key = (facts.path, scope, chain)
        known = self._memo.get(key)
        if known is None:
            starts = self._root(facts, scope, chain[0], depth + 1)
            known = []
            for start in starts[:MAX_ALTERNATIVES]:
                known += self._walk(start, chain[1:], depth + 1)
            known = distinct(known)
            if depth == 0 or any(found.kind != "unknown" for found in known):
                self._memo[key] = known
        return known

    def members(self, owner: Found, names: Chain) -> list[Found]:
        """What `object.a.b` stands for, of an object of a project class."""
        return self._walk(owner, names, 0)

    def dotted(self, name: str, importer: FileFacts) -> list[Found]:
        """What an absolute dotted name stands for."""
        return self._imported(importer, name, 0)

    # -------------------------------------------------------------------- roots

    def _several(
        self, facts: FileFacts, scope: int, nodes: list[ast.expr], depth: int
    ) -> list[Found]:
        found: list[Found] = []
        for node in nodes:
            found += self.expression(facts, scope, node, depth + 1)
        return distinct(found)

    def _attribute_of_value(
        self, facts: FileFacts, scope: int, node: ast.Name | ast.Attribute, depth: int
    ) -> list[Found]:
        names: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            names.insert(0, inner.attr)
            inner = inner.value
        found: list[Found] = []
        for start in self.expression(facts, scope, inner, depth + 1):
            found += self._walk(start, tuple(names), depth + 1)
        return found

    def lookup(
        self, facts: FileFacts, scope: int, name: str
    ) -> tuple[list[Binding], int]:
        """The bindings of a name by the rules of scopes, and the scope they are in."""
        index, first = scope, True
        while index >= 0:
            here = facts.scopes[index]
            if (here.kind != "class" or first) and name in here.bindings:
                return here.bindings[name], index
            first = first and here.kind == "inner"
            index = here.parent
        return [], -1

    def _root(self, facts: FileFacts, scope: int, name: str, depth: int) -> list[Found]:
        bindings, where = self.lookup(facts, scope, name)
        if bindings:
            return self._bound(facts, name, bindings, where, depth)
        for module in facts.stars:
            found = self._imported(facts, f"{module}.{name}", depth)
            if any(one.kind not in NOWHERE for one in found):
                return found
        if name in BUILTINS:
            return [Found("builtin", name)]
        if len(facts.stars) == 1:
            return [Found("external", f"{facts.stars[0]}.{name}")]
        return [Found("unknown", name)]

    def _bound(
        self,
        facts: FileFacts,
        name: str,
        bindings: list[Binding],
        where: int,
        depth: int,
    ) -> list[Found]:
        definitions = [b for b in bindings if b.kind is BindingKind.DEFINITION]
        found: list[Found] = []
        # `f = app.task(f)` rebinds the definition: both names mean it.
        for binding in definitions[-1:] or bindings:
            found += self._start(facts, name, binding, where, depth)
        if definitions:
            imports = [b for b in bindings if b.kind is BindingKind.IMPORT]
            for binding in imports:
                found += self._start(facts, name, binding, where, depth)
        useful = [one for one in found if not is_none(one)]
        return distinct(useful or found)

    def _start(
        self, facts: FileFacts, name: str, binding: Binding, where: int, depth: int
    ) -> list[Found]:
        kind = binding.kind
        if kind is BindingKind.IMPORT:
            return self._imported(facts, binding.target, depth)
        if kind is BindingKind.DEFINITION:
            return [self._definition(facts, binding.target)]
        if kind is BindingKind.VALUE and binding.value is not None:
            return self._value(facts, name, binding, where, depth)
        if kind in PARTS and binding.value is not None:
            return PARTS[kind](self, facts, name, binding, depth)
        if kind is BindingKind.PARAMETER:
            return [self._parameter(facts, name, binding, where)]
        return [Found("opaque", name, facts, None, None, where)]

    def _value(
        self, facts: FileFacts, name: str, binding: Binding, where: int, depth: int
    ) -> list[Found]:
        assert binding.value is not None  # noqa: S101 - told to the type checker
        value = binding.value
        if isinstance(value, ast.Name) and value.id == name and binding.scope == where:
            return []  # `x = x`, unlike `self.x = x`
        found = self.expression(facts, binding.scope, binding.value, depth + 1)
        qualified = f"{facts.module}.{name}"
        return [
            replace(one, name=qualified)
            if one.kind == "value" and not one.name
            else one
            for one in found
        ]

    def _definition(self, facts: FileFacts, qualname: str) -> Found:
        definition = facts.definitions[facts.by_qualname[qualname]]
        name = f"{facts.module}.{qualname}"
        return Found("definition", name, facts, definition, None, definition.scope)

    def _parameter(
        self, facts: FileFacts, name: str, binding: Binding, where: int
    ) -> Found:
        scope = facts.scopes[where]
        if name in {"self", "cls"} and scope.parent >= 0:
            around = facts.scopes[scope.parent]
            if around.kind == "class":
                owner = self._definition(facts, around.qualname)
                return replace(owner, kind="instance")
        return Found("parameter", name, facts, None, binding.value, where)

    def _imported(self, facts: FileFacts, dotted: str, depth: int) -> list[Found]:
        place = self.modules.locate(dotted, facts.path)
        if place is None:
            return [Found("external", dotted)]
        path, rest = place
        if not self._reads and not self.modules.is_loaded(path):
            return [Found("elsewhere", dotted)]
        target = self.modules.facts(path)
        if target is None:
            return [Found("unknown", dotted)]
        if target is facts and not rest and dotted != facts.module:
            return [Found("external", dotted)]
        module = Found("module", target.module, target)
        if not rest:
            return self._shadowed(facts, dotted, depth) or [module]
        return self._walk(module, rest, depth + 1)

    def _shadowed(self, facts: FileFacts, dotted: str, depth: int) -> list[Found]:
        """A name that a package binds itself goes before its module of that name."""
        parent, _, name = dotted.rpartition(".")
        path = self.modules.path_of(parent, facts.path) if parent else None
        if path is None or path == facts.path or not self.modules.is_loaded(path):
            return []
        package = self.modules.facts(path)
        if package is None:
            return []
        bindings = package.scopes[MODULE_SCOPE].bindings.get(name, [])
        useful = [b for b in bindings if b.target != dotted]
        if not useful or depth > MAX_DEPTH:
            return []
        return self._bound(package, name, useful, MODULE_SCOPE, depth + 1)

    # --------------------------------------------------------------- attributes

    def _walk(self, start: Found, names: Chain, depth: int) -> list[Found]:
        if not names or depth > MAX_DEPTH:
            return [replace(start, rest=(*start.rest, *names)) if names else start]
        if start.rest:
            return [replace(start, rest=(*start.rest, *names))]
        if start.kind in {"external", "builtin", "elsewhere"}:
            return [replace(start, name=".".join((start.name, *names)))]
        members = self._member(start, names[0], depth + 1)
        if members is None:
            return [replace(start, rest=names)]
        found: list[Found] = []
        for member in members[:MAX_ALTERNATIVES]:
            found += self._walk(member, names[1:], depth + 1)
        return found

    def _member(self, start: Found, name: str, depth: int) -> list[Found] | None:
        if start.kind == "module" and start.facts is not None:
            return self._module_member(start.facts, name, depth)
        if start.kind in {"definition", "instance"}:
            return self._class_member(start, name, depth)
        if start.kind == "value" and isinstance(start.expr, ast.Call):
            owner = self.class_of(start, depth + 1)
            if owner is not None:
                return self._class_member(owner, name, depth)
        if start.kind == "parameter":
            owner = self.class_of(start, depth + 1)
            if owner is not None:
                return self._class_member(owner, name, depth)
        return None

    def class_of(self, found: Found, depth: int = 0) -> Found | None:
        """The project class that a value is an instance of, where that can be seen."""
        node = found.expr
        if found.facts is None or node is None or depth > MAX_DEPTH:
            return None
        callee = node.func if isinstance(node, ast.Call) else node
        if not isinstance(callee, ast.Name | ast.Attribute):
            return None
        for one in self.expression(found.facts, found.scope, callee, depth + 1):
            if one.kind == "definition" and not one.rest and one.definition is not None:
                return one if one.definition.is_class else None
        return None

    def _module_member(
        self, facts: FileFacts, name: str, depth: int
    ) -> list[Found] | None:
        bindings = facts.scopes[MODULE_SCOPE].bindings.get(name)
        if bindings:
            return self._bound(facts, name, bindings, MODULE_SCOPE, depth)
        if facts.is_package:
            path = self.modules.path_of(f"{facts.module}.{name}", facts.path)
            if path is not None:
                return self._imported(facts, f"{facts.module}.{name}", depth)
        for module in facts.stars:
            found = self._imported(facts, f"{module}.{name}", depth + 1)
            if any(one.kind not in NOWHERE for one in found):
                return found
        return [Found("unknown", f"{facts.module}.{name}")]

    def _class_member(self, owner: Found, name: str, depth: int) -> list[Found] | None:
        facts, definition = owner.facts, owner.definition
        if facts is None or definition is None or not definition.is_class:
            return None
        bindings = facts.scopes[definition.inner].bindings.get(name)
        if bindings:
            return self._bound(facts, name, bindings, definition.inner, depth)
        if depth > MAX_DEPTH:
            return None
        for base in definition.bases:
            for one in self.expression(facts, definition.scope, base, depth + 1):
                if one.kind == "definition" and one.key != owner.key and not one.rest:
                    found = self._class_member(one, name, depth + 1)
                    if found is not None:
                        return found
        return None

    def bases_of(self, owner: Found, depth: int = 0) -> list[Found]:
        """All classes that a class inherits from, nearest first, itself left out."""
        facts, definition = owner.facts, owner.definition
        if facts is None or definition is None or depth > MAX_DEPTH:
            return []
        found: list[Found] = []
        for base in definition.bases:
            for one in self.expression(facts, definition.scope, base, depth + 1):
                if one.key == owner.key:
                    continue
                found.append(one)
                found += self.bases_of(one, depth + 1)
        return distinct(found)
