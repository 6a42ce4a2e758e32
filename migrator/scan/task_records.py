"""From a definition and what makes a task of it to the TaskDefinition."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, Location, Option, TaskDefinition
from migrator.scan.literals import LiteralReader, NotLiteralError
from migrator.scan.options import TASK_OPTIONS, option_of, options_of, text_of
from migrator.scan.task_bases import defined_by_bases
from migrator.scan.walker import flatten, one_line

if TYPE_CHECKING:
    from migrator.scan.facts import Definition, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.maker import Maker
    from migrator.scan.resolve import Resolver

BODY_METHODS = ("run", "__call__")
SCHEDULE_WORDS = frozenset({"crontab", "interval", "schedule", "run_every", "cron"})
KEEPS_NAME = frozenset({"wraps", "update_wrapper", "decorator", "wrapt"})


class TaskRecords:
    """Builds records: names as the app computes them, options as source."""

    def __init__(self, resolver: Resolver, deep: Resolver) -> None:
        self._resolver = resolver
        self._deep = deep  # reads further files, for constants
        self.blind_spots: list[BlindSpot] = []
        self.symbols: dict[str, str] = {}  # names that another distribution defines

    def run_method(
        self, facts: FileFacts, owner: Definition
    ) -> tuple[FileFacts, Definition] | None:
        """The body of a task class: its own `run`, or one that it inherits."""
        for method in BODY_METHODS:
            chain = (owner.name, method)
            for found in self._resolver.chain(facts, owner.scope, chain):
                if found.kind == "definition" and not found.rest:
                    assert found.facts is not None  # noqa: S101 - a definition stands in a file
                    assert found.definition is not None  # noqa: S101 - by its kind
                    return found.facts, found.definition
        return None

    def task(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        decorator: Location,
        source: str,
        index: int | None,
    ) -> TaskDefinition:
        options = maker.options
        if definition.is_class:
            options = (*_class_options(facts, definition), *options)
        name, explicit, certain = self._name(facts, definition, options)
        self._check_options(definition, options, maker)
        self._check_decorators(facts, definition, index)
        above, below = _around(facts, definition, index)
        run = self.run_method(facts, definition) if definition.is_class else None
        body = definition if run is None else run[1]
        return TaskDefinition(
            name=name,
            function=definition.name,
            qualified_name=f"{facts.module}.{definition.qualname}",
            module=facts.module,
            location=definition.location,
            kind=maker.kind,
            decorator=decorator,
            decorator_source=source,
            name_is_explicit=explicit,
            name_is_certain=certain
            and (
                explicit
                or (maker.keeps_name and not self._is_hidden(facts, definition, index))
            ),
            app=maker.app,
            wrapper=maker.wrapper,
            base=_base(facts, definition, options),
            base_defines=self._base_defines(facts, definition, options),
            options=options,
            has_spread=maker.has_spread,
            is_bound=definition.is_class or _is_true(options, "bind"),
            is_async=body.is_async,
            decorators_above=above,
            decorators_below=below,
            parameters=body.parameters,
            marker=definition.marker,
            source_hash=_fingerprint(definition, options, below),
            in_tests=facts.in_tests,
        )

    def _base_defines(
        self, facts: FileFacts, definition: Definition, options: tuple[Option, ...]
    ) -> tuple[str, ...] | None:
        source = _base(facts, definition, options)
        if definition.is_class or not source:
            return None
        return defined_by_bases(self._resolver, facts, definition.scope, source)

    # ------------------------------------------------------------------- names

    def _name(
        self, facts: FileFacts, definition: Definition, options: tuple[Option, ...]
    ) -> tuple[str, bool, bool]:
        """The name, whether it was given, and whether it is certain."""
        computed = f"{facts.module}.{definition.name}"
        for option in options:
            if option.name != "name":
                continue
            if option.is_literal and isinstance(option.value, str):
                return option.value, True, True
            if option.is_literal:  # name=None
                return computed, False, True
            return self._named(facts, definition, option, computed)
        return computed, False, True

    def _named(
        self,
        facts: FileFacts,
        definition: Definition,
        option: Option,
        computed: str,
    ) -> tuple[str, bool, bool]:
        reader = LiteralReader(self._deep, facts, definition.scope)
        try:
            value = reader.read(ast.parse(option.source, mode="eval").body)
        except (NotLiteralError, SyntaxError) as error:
            self._remember_symbol(facts, definition, option, computed)
            self.blind(
                "computed-task-name",
                definition.location,
                f"name={one_line(option.source)}",
                f"the name is an expression: {error}",
            )
            return computed, True, False
        if isinstance(value, str):
            return value, True, True
        return computed, True, False

    def _remember_symbol(
        self, facts: FileFacts, definition: Definition, option: Option, name: str
    ) -> None:
        """So that `app.tasks[SAME_NAME]` still leads to this task."""
        node = ast.parse(option.source, mode="eval").body
        if isinstance(node, ast.Name | ast.Attribute):
            for found in self._resolver.expression(facts, definition.scope, node):
                if found.kind in {"external", "elsewhere"}:
                    self.symbols[found.name] = name

    def _check_decorators(
        self, facts: FileFacts, definition: Definition, index: int | None
    ) -> None:
        """A decorator of the project's own that schedules the task in its own way."""
        for place, decorator in enumerate(definition.decorators):
            if place == index or not isinstance(decorator, ast.Call):
                continue
            words = {word.arg for word in decorator.keywords}
            if not SCHEDULE_WORDS.isdisjoint(words):
                self.blind(
                    "own-schedule-decorator",
                    Location(facts.path, decorator.lineno, decorator.col_offset),
                    text_of(facts, decorator),
                    "a decorator of the project schedules the task in its own way",
                )

    def known_name(
        self, facts: FileFacts, scope: int, option: Option, known: dict[str, str]
    ) -> str:
        """The value of `name=`, with some dotted names given; "" where unreadable."""
        reader = LiteralReader(self._deep, facts, scope, known=known)
        try:
            value = reader.read(ast.parse(option.source, mode="eval").body)
        except (NotLiteralError, SyntaxError):
            return ""
        return value if isinstance(value, str) else ""

    def _is_hidden(
        self, facts: FileFacts, definition: Definition, index: int | None
    ) -> bool:
        """Whether a decorator below gives the function another name."""
        below = definition.decorators[index + 1 :] if index is not None else []
        return any(
            _replaces_function(found)
            for decorator in below
            for found in self._resolver.expression(
                facts,
                definition.scope,
                decorator.func if isinstance(decorator, ast.Call) else decorator,
            )
        )

    # ----------------------------------------------------------------- options

    def _check_options(
        self,
        definition: Definition,
        options: tuple[Option, ...],
        maker: Maker,
    ) -> None:
        if definition.is_class or maker.wrapper:
            return
        for option in options:
            if option.name not in TASK_OPTIONS:
                self.blind(
                    "unknown-option",
                    definition.location,
                    f"{option.name}={one_line(option.source)}",
                    _about(option.name),
                )

    def blind(self, kind: str, place: Location, text: str, reason: str) -> None:
        self.blind_spots.append(
            BlindSpot(kind, place, one_line(text), one_line(reason))
        )


def _about(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, TASK_OPTIONS, n=1, cutoff=0.8)
    meant = f"; {near[0]!r} may be meant" if near else ""
    return f"Celery has no task option {name!r} and makes it a plain attribute{meant}"


def _replaces_function(found: Found) -> bool:
    """A project decorator that returns a function of its own without `wraps`."""
    outer, facts = found.definition, found.facts
    if outer is None or facts is None or outer.is_class or found.rest:
        return False
    prefix = f"{outer.qualname}.<locals>."
    inner = [d for d in facts.definitions if d.qualname.startswith(prefix)]
    if not inner or not any(isinstance(node, ast.Name) for node in outer.returns):
        return False
    words = {
        word
        for one in (outer, *inner)
        for node in one.decorators
        for word in flatten(node)[0]
    }
    called = {
        word
        for call in facts.calls
        if call.function >= 0
        and facts.definitions[call.function].qualname.startswith(outer.qualname)
        for word in call.chain
    }
    return KEEPS_NAME.isdisjoint(words | called)


def _fingerprint(
    definition: Definition, options: tuple[Option, ...], below: tuple[str, ...]
) -> str:
    """Changes with the body and the options, and not with who makes the task of it.

    The rewrite freezes the name, keeps the app and takes another decorator; a plan
    that was made before it must still fit after it.
    """
    kept = sorted(
        f"{option.name}={option.source}"
        for option in options
        if option.name not in {"name", "app"}
    )
    parts = (definition.source_hash, *kept, *below)
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _around(
    facts: FileFacts, definition: Definition, index: int | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    texts = tuple(one_line(text_of(facts, node)) for node in definition.decorators)
    return ((), texts) if index is None else (texts[:index], texts[index + 1 :])


def _base(facts: FileFacts, definition: Definition, options: tuple[Option, ...]) -> str:
    if definition.is_class:
        return ", ".join(text_of(facts, base) for base in definition.bases)
    return next((o.source for o in options if o.name == "base"), "")


def _is_true(options: tuple[Option, ...], name: str) -> bool:
    return any(o.name == name and o.is_literal and bool(o.value) for o in options)


def _class_options(facts: FileFacts, definition: Definition) -> tuple[Option, ...]:
    """Options of a task class stand as class attributes, or as class keywords."""
    bindings = facts.scopes[definition.inner].bindings
    keywords, _ = options_of(facts, definition.keywords)
    words = tuple(word for word in keywords if word.name in TASK_OPTIONS)
    return words + tuple(
        option_of(facts, name, values[-1].value)
        for name, values in bindings.items()
        if name in TASK_OPTIONS
        and values[-1].value is not None
        and values[-1].kind.name == "VALUE"
    )
