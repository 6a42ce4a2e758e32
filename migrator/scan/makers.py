"""What makes tasks: Celery's decorators, and the project's own around them.

A project wrapper is found by asking what a function returns, through all files, until
nothing new is found: functions that return a task decorator or a decorated function,
`partial`, decorator objects assigned to a name, classes with `__call__`, and functions
that decorate later (a registry that is scanned at start-up).
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import DefinitionKind, TaskWrapper
from migrator.scan.maker import (
    LIGHT_TASK,
    Maker,
    because,
    is_light_task,
    place_of,
    receiver_of,
    with_call,
)
from migrator.scan.vocabulary import TASK_DECORATORS
from migrator.scan.walker import flatten, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Location
    from migrator.scan.apps import Apps
    from migrator.scan.facts import CallFact, Definition, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

MAX_DEPTH = 16
DECORATOR_NAMES = frozenset({"task", "shared_task", "periodic_task", "partial"})
PARTIALS = frozenset({"functools.partial", "celery.utils.functional.partial"})


class Makers:
    """Recognises task makers; remembers the wrappers it has met."""

    def __init__(self, resolver: Resolver, apps: Apps) -> None:
        self._resolver = resolver
        self._apps = apps
        self._known: dict[tuple[str, str], Maker | None] = {}
        self.wrappers: dict[str, TaskWrapper] = {}

    def forget(self) -> None:
        """Judge everything again: more files have been read."""
        self._known.clear()

    # --------------------------------------------------------------- interface

    def of(
        self, facts: FileFacts, scope: int, node: ast.expr, depth: int = 0
    ) -> Maker | None:
        """How the expression after `@` makes a task, or None where it does not."""
        if depth > MAX_DEPTH:
            return None
        call = node if isinstance(node, ast.Call) else None
        target = call.func if call is not None else node
        if call is not None and self._is_partial(facts, scope, call):
            return self._of_partial(facts, scope, call, depth)
        for found in self._resolver.expression(facts, scope, target):
            maker: Maker | None = Maker(DefinitionKind.LIGHT, wraps=LIGHT_TASK)
            if not is_light_task(found):
                maker = self._of_found(found, target, depth + 1)
            if maker is not None:
                return maker if call is None else with_call(maker, call, facts)
        return None

    def unresolved(self, facts: FileFacts, scope: int, node: ast.expr) -> str:
        """Why a decorator `<receiver>.task` could not be judged; "" where it could."""
        target = node.func if isinstance(node, ast.Call) else node
        if not isinstance(target, ast.Attribute) or target.attr != "task":
            return ""
        for found in self._resolver.expression(facts, scope, target.value):
            if found.kind in {"parameter", "opaque", "element", "unknown", "elsewhere"}:
                return f"what `{ast.unparse(target.value)}` is cannot be seen here"
        return ""

    def wrapper_names(self) -> set[str]:
        """The last names of all wrappers, to look for in files not yet read."""
        return {name.rpartition(".")[2] for name in self.wrappers}

    def may_make(self, call: CallFact) -> bool:
        """Whether a call can be the call form of a maker, by its name."""
        if not call.is_plain:
            return True
        last = call.chain[-1]
        return last != "partial" and (
            last in DECORATOR_NAMES or last in self.wrapper_names()
        )

    def look_for_wrappers(self, facts: FileFacts) -> None:
        """Judge every function, class and constant of a file that could be one."""
        names = DECORATOR_NAMES | self.wrapper_names()
        for call in facts.calls:
            if call.chain[-1] in names:
                self._judge_around(facts, call.function)
                self._judge_constant(facts, call)
        for reference in facts.references:
            if reference.chain[-1] not in names:
                continue
            if reference.use in {"decorator", "returned"}:
                self._judge_around(facts, reference.function)
            elif reference.use == "base":
                self._judge_below(facts, reference.line)

    def _judge_around(self, facts: FileFacts, index: int) -> None:
        while index >= 0:
            definition = facts.definitions[index]
            self._wrapper(facts, definition, 0)
            index = definition.function

    def _judge_below(self, facts: FileFacts, line: int) -> None:
        """The class whose base stands at a line: it may decorate as its base does."""
        for definition in facts.definitions:
            if definition.is_class and any(b.lineno == line for b in definition.bases):
                self._wrapper(facts, definition, 0)

    def _judge_constant(self, facts: FileFacts, call: CallFact) -> None:
        if call.use != "assigned" or call.function >= 0:
            return
        for name, bindings in facts.scopes[call.scope].bindings.items():
            for value in (binding.value for binding in bindings):
                if isinstance(value, ast.Call) and value.lineno == call.line:
                    self.of(facts, call.scope, ast.Name(name, ast.Load()))

    # ------------------------------------------------------------------ values

    def _of_found(self, found: Found, target: ast.expr, depth: int) -> Maker | None:
        if found.kind == "external":
            return self._of_external(found, target)
        if found.rest == ("task",):
            return self._of_app(found, target)
        if found.rest:
            return None
        if found.kind == "definition" and found.definition is not None:
            assert found.facts is not None  # noqa: S101 - a definition stands in a file
            return self._wrapper(found.facts, found.definition, depth)
        if found.kind == "value" and found.expr is not None:
            return self._of_constant(found, depth)
        return self._by_name(found, target)

    def _of_external(self, found: Found, target: ast.expr) -> Maker | None:
        if found.name in TASK_DECORATORS:
            if "current_app" in found.name:
                return Maker(DefinitionKind.APP, receiver_of(target), wraps=found.name)
            return Maker(DefinitionKind.SHARED, wraps=found.name)
        return self._by_name(found, target)

    def _by_name(self, found: Found, target: ast.expr) -> Maker | None:
        """`.task` of an app that lives in another distribution or in a parameter."""
        name = ".".join((found.name, *found.rest))
        before, _, last = name.rpartition(".")
        if last != "task" or not before or not isinstance(target, ast.Attribute):
            return None
        named = replace(found, name=before, rest=())
        if not self._apps.sounds_like_app(named):
            return None
        receiver = receiver_of(target)
        return Maker(DefinitionKind.APP, receiver, wraps=name)

    def _of_app(self, found: Found, target: ast.expr) -> Maker | None:
        owner = replace(found, rest=())
        receiver = receiver_of(target)
        if self._apps.is_app(owner):
            wraps = f"{owner.name or receiver}.task"
            return Maker(DefinitionKind.APP, receiver, wraps=wraps)
        if self._apps.sounds_like_app(owner):
            wraps = f"{receiver}.task"
            return Maker(DefinitionKind.APP, receiver, wraps=wraps)
        return None

    def _of_constant(self, found: Found, depth: int) -> Maker | None:
        """`task = shared_task(base=X)`, `task = partial(...)`, `task = Class()`."""
        assert found.facts is not None  # noqa: S101 - a value stands in a file
        if not isinstance(found.expr, ast.Call):
            return None
        if self._decorates(found.facts, found.scope, found.expr):
            return None  # it is a task already
        inner = self.of(found.facts, found.scope, found.expr, depth + 1)
        if inner is None:
            return None
        name = found.name or found.facts.module
        place = place_of(found.facts, found.expr)
        return self._remember(inner, name, place, (found.facts.path, name), "assigned")

    def _decorates(self, facts: FileFacts, scope: int, call: ast.Call) -> bool:
        """Whether the call is given a function: `app.task(f)`, `shared_task()(f)`."""
        if isinstance(call.func, ast.Call):
            return True
        return any(
            found.kind == "definition" and found.definition is not None
            for argument in call.args
            if isinstance(argument, ast.Name | ast.Attribute)
            for found in self._resolver.expression(facts, scope, argument)
        )

    # ---------------------------------------------------------------- partials

    def _is_partial(self, facts: FileFacts, scope: int, call: ast.Call) -> bool:
        return any(
            found.name in PARTIALS
            for found in self._resolver.expression(facts, scope, call.func)
        )

    def _of_partial(
        self, facts: FileFacts, scope: int, call: ast.Call, depth: int
    ) -> Maker | None:
        if not call.args:
            return None
        maker = self.of(facts, scope, call.args[0], depth + 1)
        return None if maker is None else with_call(maker, call, facts)

    # ---------------------------------------------------------------- wrappers

    def _wrapper(
        self, facts: FileFacts, definition: Definition, depth: int
    ) -> Maker | None:
        key = (facts.path, definition.qualname)
        if key in self._known:
            return self._known[key]
        self._known[key] = None  # recursion finds nothing by itself
        judge = self._of_class if definition.is_class else self._of_function
        maker = judge(facts, definition, depth + 1)
        if maker is not None:
            name = f"{facts.module}.{definition.qualname}"
            maker = self._remember(maker, name, definition.location, key, maker.reason)
        self._known[key] = maker
        return maker

    def _remember(
        self,
        inner: Maker,
        name: str,
        place: Location,
        key: tuple[str, str],
        reason: str,
    ) -> Maker:
        wraps = inner.wrapper or inner.wraps
        self.wrappers[name] = TaskWrapper(name, place, wraps, inner.options, reason)
        return replace(inner, kind=DefinitionKind.WRAPPER, wrapper=name, key=key)

    def _of_class(
        self, facts: FileFacts, definition: Definition, depth: int
    ) -> Maker | None:
        for method in ("__call__", "__new__"):
            for around, index in self._methods(facts, definition, method):
                function = around.definitions[index]
                maker = self._of_function(around, function, depth + 1)
                if maker is not None:
                    return maker
        return None

    def _methods(
        self, facts: FileFacts, definition: Definition, method: str
    ) -> Iterator[tuple[FileFacts, int]]:
        """The method of the class, and those above that it may be, or may call."""
        owners = self._resolver.chain(facts, definition.scope, (definition.name,))
        above = [base for one in owners for base in self._resolver.bases_of(one)]
        for owner in (*owners, *above):
            if owner.definition is None or owner.facts is None:
                continue
            name = f"{owner.definition.qualname}.{method}"
            index = owner.facts.by_qualname.get(name)
            if index is None:
                continue
            yield owner.facts, index
            if not any(
                call.function == index and call.chain[0] == "super"
                for call in owner.facts.calls
            ):
                return

    def _of_function(
        self, facts: FileFacts, definition: Definition, depth: int
    ) -> Maker | None:
        if depth > MAX_DEPTH:
            return None
        for node in definition.returns:
            maker = self._of_returned(facts, definition, node, depth)
            if maker is not None:
                return maker
        return self._decorates_later(facts, definition, depth)

    def _of_returned(
        self, facts: FileFacts, definition: Definition, node: ast.expr, depth: int
    ) -> Maker | None:
        """What a returned expression says about the function that returns it."""
        scope = definition.inner
        if isinstance(node, ast.Call):
            maker = self._of_call(facts, scope, node, depth)
            if maker is not None:
                return because(maker, f"returns {one_line(ast.unparse(node))}")
        if isinstance(node, ast.Name | ast.Attribute):
            return self._of_returned_name(facts, definition, node, depth)
        return None

    def _of_call(
        self, facts: FileFacts, scope: int, node: ast.Call, depth: int
    ) -> Maker | None:
        if isinstance(node.func, ast.Call):  # shared_task(...)(f)
            return self.of(facts, scope, node.func, depth + 1)
        return self.of(facts, scope, node, depth + 1)

    def _of_returned_name(
        self,
        facts: FileFacts,
        definition: Definition,
        node: ast.Name | ast.Attribute,
        depth: int,
    ) -> Maker | None:
        scope = definition.inner
        for found in self._resolver.expression(facts, scope, node):
            inner = found.definition
            is_inner = (
                inner is not None
                and found.facts is facts
                and inner.qualname.startswith(f"{definition.qualname}.<locals>.")
            )
            if inner is not None and is_inner:
                maker = self._of_inner(facts, inner, depth)
            elif found.kind == "value" and isinstance(found.expr, ast.Call):
                assert found.facts is not None  # noqa: S101 - a value stands in a file
                maker = self._of_call(found.facts, found.scope, found.expr, depth)
            elif inner is None:
                maker = self._of_found(found, node, depth + 1)
            else:
                maker = None
            if maker is not None:
                return because(maker, f"returns {ast.unparse(node)}")
        return None

    def _of_inner(
        self, facts: FileFacts, inner: Definition, depth: int
    ) -> Maker | None:
        """A nested function that is decorated as a task, or that decorates."""
        keeps = any("wraps" in flatten(node)[0][-1] for node in inner.decorators)
        for decorator in inner.decorators:
            maker = self.of(facts, inner.scope, decorator, depth + 1)
            if maker is not None:
                return replace(maker, keeps_name=keeps)
        if inner.is_class:
            return None
        return self._of_function(facts, inner, depth + 1)

    def _decorates_later(
        self, facts: FileFacts, definition: Definition, depth: int
    ) -> Maker | None:
        """`app.task(**options)(wrapped)` somewhere inside, the result not returned."""
        prefix = f"{definition.qualname}.<locals>."
        for call in facts.calls:
            if call.node is None or call.is_plain or call.function < 0:
                continue
            around = facts.definitions[call.function].qualname
            if around != definition.qualname and not around.startswith(prefix):
                continue
            inner = call.node.func
            if isinstance(inner, ast.Call) and self._takes_parameter(facts, call):
                maker = self.of(facts, call.scope, inner, depth + 1)
                if maker is not None:
                    return because(maker, f"decorates later: {call.source}")
        return None

    def _takes_parameter(self, facts: FileFacts, call: CallFact) -> bool:
        assert call.node is not None  # noqa: S101 - checked by the caller
        return any(
            found.kind == "parameter"
            for argument in call.node.args
            for found in self._resolver.expression(facts, call.scope, argument)
        )
