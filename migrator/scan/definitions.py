"""The project's tasks: decorated, in call form, and class-based."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.model import (
    BlindSpot,
    DefinitionKind,
    Location,
    Option,
    TaskDefinition,
)
from migrator.scan.literals import LiteralReader, NotLiteralError
from migrator.scan.makers import Maker, Makers
from migrator.scan.options import TASK_OPTIONS, option_of, options_of, text_of
from migrator.scan.vocabulary import TASK_CLASSES
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.apps import Apps
    from migrator.scan.facts import CallFact, Definition, FileFacts
    from migrator.scan.resolve import Found, Resolver

Key = tuple[str, str]  # path and qualname
BODY_METHODS = ("run", "__call__")


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task with the definition it was read from."""

    task: TaskDefinition
    facts: FileFacts
    definition: Definition  # of the function, or of the class
    body: Definition  # of the function, or of the `run` method


class Definitions:
    """Finds task definitions and remembers them by their place."""

    def __init__(
        self, resolver: Resolver, deep: Resolver, apps: Apps, makers: Makers
    ) -> None:
        self._resolver = resolver
        self._deep = deep  # reads further files, for constants
        self._apps = apps
        self._makers = makers
        self.tasks: dict[Key, KnownTask] = {}
        self.blind_spots: list[BlindSpot] = []
        self._used_wrappers: set[Key] = set()

    def forget(self) -> None:
        """Start again: more files have been read."""
        self.tasks.clear()
        self.blind_spots.clear()
        self._used_wrappers.clear()

    # ----------------------------------------------------------------- reading

    def read(self, facts: FileFacts) -> None:
        """All tasks that a file defines; call again only for other files."""
        for definition in facts.definitions:
            self._decorated(facts, definition)
        for call in facts.calls:
            if call.node is not None and call.use != "decorator":
                self._called(facts, call)

    def settle(self) -> None:
        """Take out what is nested in a wrapper: it is made once for each use."""
        for key in list(self.tasks):
            path, qualname = key
            outer = qualname.split(".<locals>.")
            around = {
                (path, ".<locals>.".join(outer[:depth]))
                for depth in range(1, len(outer))
            }
            around |= {(path, name.rpartition(".")[0]) for _, name in around}
            if around & self._used_wrappers:
                del self.tasks[key]

    def _decorated(self, facts: FileFacts, definition: Definition) -> None:
        for index, decorator in enumerate(definition.decorators):
            maker = self._makers.of(facts, definition.scope, decorator)
            if maker is not None:
                if maker.kind is DefinitionKind.LIGHT:
                    maker, index = self._adopting(facts, definition, maker, index)
                self._add(facts, definition, maker, decorator, index)
                return
            reason = self._makers.unresolved(facts, definition.scope, decorator)
            if reason:
                self._blind(
                    "unresolved-task-decorator",
                    _at(facts, decorator),
                    text_of(facts, decorator),
                    reason,
                )

    def _adopting(
        self, facts: FileFacts, definition: Definition, light: Maker, index: int
    ) -> tuple[Maker, int]:
        """`@light_task` above a decorator that makes the task: that one counts."""
        for lower, decorator in enumerate(definition.decorators):
            if lower > index:
                inner = self._makers.of(facts, definition.scope, decorator)
                if inner is not None:
                    return replace(inner, kind=DefinitionKind.LIGHT), lower
        return light, index

    def _called(self, facts: FileFacts, call: CallFact) -> None:
        assert call.node is not None  # noqa: S101 - checked by the caller
        last = call.chain[-1]
        if last == "register_task":
            self._registered(facts, call)
            return
        arguments = call.node.args
        if not arguments or (last == "partial" and call.is_plain):
            return
        for found in self._resolver.expression(facts, call.scope, arguments[0]):
            definition = found.definition
            if found.kind != "definition" or definition is None or found.rest:
                continue
            maker = self._makers.of(facts, call.scope, _maker_of(call.node))
            if maker is None or found.facts is None:
                return
            if definition.is_class and not self.is_task_class(found):
                return
            self._add_called(found, maker, call, facts)

    def _add_called(
        self, found: Found, maker: Maker, call: CallFact, facts: FileFacts
    ) -> None:
        assert found.definition is not None and found.facts is not None  # noqa: S101, PT018 - checked by the caller
        assert call.node is not None  # noqa: S101 - checked by the caller
        if (found.facts.path, found.definition.qualname) in self.tasks:
            return
        node = call.node
        if node.keywords and not isinstance(node.func, ast.Call):
            given, spread = options_of(facts, node.keywords)
            names = {option.name for option in given}
            kept = tuple(o for o in maker.options if o.name not in names)
            maker = _replace_options(maker, (*given, *kept), spread=spread)
        self._store(found.facts, found.definition, maker, call, DefinitionKind.CALL)

    # ----------------------------------------------------------- class-based

    def is_task_class(self, found: Found) -> bool:
        """Whether a project class inherits from Celery's Task."""
        return any(
            self._is_celery_task(base) for base in self._resolver.bases_of(found)
        )

    def _is_celery_task(self, base: Found) -> bool:
        if base.name in TASK_CLASSES:
            return True
        if base.rest == ("Task",):
            return self._apps.is_app(_owner(base)) or self._apps.sounds_like_app(
                _owner(base)
            )
        before, _, last = base.name.rpartition(".")
        return (
            base.kind in {"external", "unknown", "parameter"}
            and last == "Task"
            and (before.endswith(("app", "current_app")) or "celery" in before.lower())
        )

    def _registered(self, facts: FileFacts, call: CallFact) -> None:
        """`app.register_task(Class())`."""
        assert call.node is not None  # noqa: S101 - checked by the caller
        found = self.registered_class(facts, call)
        if found is None:
            if call.node.args:
                self._blind(
                    "dynamic-registration",
                    Location(facts.path, call.line, call.column),
                    call.source,
                    "what is registered cannot be seen here",
                )
            return
        assert found.facts is not None and found.definition is not None  # noqa: S101, PT018 - a class stands in a file
        receiver = ".".join(call.chain[:-1])
        maker = Maker(DefinitionKind.CLASS, app=receiver, wraps="register_task")
        self._store(found.facts, found.definition, maker, call, DefinitionKind.CLASS)

    def registered_class(self, facts: FileFacts, call: CallFact) -> Found | None:
        """The class whose instance is registered."""
        if call.node is None or not call.node.args:
            return None
        argument = call.node.args[0]
        for found in self._resolver.expression(facts, call.scope, argument):
            owner = found if found.kind == "definition" else None
            if found.kind == "value":
                owner = self._resolver.class_of(found)
            if owner is not None and owner.definition is not None:
                return owner if owner.definition.is_class else None
        return None

    # ------------------------------------------------------------- one of them

    def _add(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        decorator: ast.expr,
        index: int,
    ) -> None:
        if maker.wrapper:
            self._used_wrappers.add(maker.key)
        task = self._task(
            facts,
            definition,
            maker,
            _at(facts, decorator),
            text_of(facts, decorator),
            index,
        )
        self._keep(facts, definition, task)

    def _store(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        call: CallFact,
        kind: DefinitionKind,
    ) -> None:
        place = Location(facts.path, call.line, call.column)
        task = self._task(facts, definition, maker, place, call.source, None, kind)
        self._keep(facts, definition, task)

    def _keep(
        self, facts: FileFacts, definition: Definition, task: TaskDefinition
    ) -> None:
        body = definition
        if definition.is_class:
            body = self._run_method(facts, definition) or definition
        key = (facts.path, definition.qualname)
        self.tasks[key] = KnownTask(task, facts, definition, body)

    def _run_method(self, facts: FileFacts, owner: Definition) -> Definition | None:
        for method in BODY_METHODS:
            index = facts.by_qualname.get(f"{owner.qualname}.{method}")
            if index is not None:
                return facts.definitions[index]
        return None

    def _task(
        self,
        facts: FileFacts,
        definition: Definition,
        maker: Maker,
        decorator: Location,
        source: str,
        index: int | None,
        kind: DefinitionKind | None = None,
    ) -> TaskDefinition:
        options = maker.options
        if definition.is_class:
            options = (*_class_options(facts, definition), *options)
        name, explicit, certain = self._name(facts, definition, options)
        self._check_options(facts, definition, options, maker)
        above, below = _around(facts, definition, index)
        body = self._run_method(facts, definition) if definition.is_class else None
        return TaskDefinition(
            name=name,
            function=definition.name,
            qualified_name=f"{facts.module}.{definition.qualname}",
            module=facts.module,
            location=definition.location,
            kind=kind or maker.kind,
            decorator=decorator,
            decorator_source=source,
            name_is_explicit=explicit,
            name_is_certain=certain and (explicit or maker.keeps_name),
            app=maker.app,
            wrapper=maker.wrapper,
            base=_base(facts, definition, options),
            options=options,
            has_spread=maker.has_spread,
            is_bound=definition.is_class or _is_true(options, "bind"),
            is_async=(body or definition).is_async,
            decorators_above=above,
            decorators_below=below,
            parameters=(body or definition).parameters,
            marker=definition.marker,
            source_hash=_fingerprint(definition, options, below),
            in_tests=facts.in_tests,
        )

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
            self._blind(
                "computed-task-name",
                definition.location,
                f"name={one_line(option.source)}",
                f"the name is an expression: {error}",
            )
            return computed, True, False
        if isinstance(value, str):
            return value, True, True
        return computed, True, False

    # ----------------------------------------------------------------- options

    def _check_options(
        self,
        facts: FileFacts,
        definition: Definition,
        options: tuple[Option, ...],
        maker: Maker,
    ) -> None:
        if definition.is_class or maker.wrapper:
            return
        for option in options:
            if option.name not in TASK_OPTIONS:
                self._blind(
                    "unknown-option",
                    definition.location,
                    f"{option.name}={one_line(option.source)}",
                    _about(option.name),
                )

    def _blind(self, kind: str, place: Location, text: str, reason: str) -> None:
        self.blind_spots.append(
            BlindSpot(kind, place, one_line(text), one_line(reason))
        )


def _about(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, TASK_OPTIONS, n=1, cutoff=0.8)
    meant = f"; {near[0]!r} may be meant" if near else ""
    return f"Celery has no task option {name!r} and makes it a plain attribute{meant}"


def _maker_of(node: ast.Call) -> ast.expr:
    """The part of `app.task(f)` or `app.task(**o)(f)` that makes a task."""
    return node.func


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


def _replace_options(
    maker: Maker, options: tuple[Option, ...], *, spread: bool
) -> Maker:
    from dataclasses import replace

    return replace(maker, options=options, has_spread=maker.has_spread or spread)


def _owner(found: Found) -> Found:
    from dataclasses import replace

    return replace(found, rest=())


def _at(facts: FileFacts, node: ast.expr) -> Location:
    return Location(facts.path, node.lineno, node.col_offset)


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
    """Options of a task class stand as class attributes."""
    bindings = facts.scopes[definition.inner].bindings
    return tuple(
        option_of(facts, name, values[-1].value)
        for name, values in bindings.items()
        if name in TASK_OPTIONS
        and values[-1].value is not None
        and values[-1].kind.name == "VALUE"
    )
