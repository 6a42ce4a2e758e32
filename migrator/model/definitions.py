"""What is known of a task: its options, its parameters, and the facts of its body."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrator.model.places import Location

# What an option's source text evaluates to, where it is a literal.
Literal = bool | int | float | str | None | tuple["Literal", ...] | dict[str, "Literal"]


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword of a decorator, call or schedule entry: source text, never evaluated.

    `value` is its value where the text is a literal (`is_literal`).
    """

    name: str
    source: str
    value: Literal = None
    is_literal: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    # positional-only | positional | var-positional | keyword-only | var-keyword
    kind: str
    annotation: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call inside a function body.

    `target` is the best dotted name: import aliases are resolved
    ("requests.get", "goblin.services.cleanup.purge"), `self.x` and local receivers
    stay as written ("self.retry", "session.execute"). `resolved` says whether the
    first part could be traced to an import, a definition or a builtin.
    """

    target: str
    location: Location
    resolved: bool
    loop_depth: int = 0  # loops and comprehensions around it, within the function
    keywords: tuple[str, ...] = ()
    source: str = ""  # one line, shortened


@dataclass(frozen=True, slots=True)
class Loop:
    location: Location
    kind: str  # for | while | async-for | comprehension
    iterates: str  # source of the iterable, or of the condition of a while


@dataclass(frozen=True, slots=True)
class Assignment:
    """A local name and the source that it was given: `ids = query.limit(5).all()`."""

    name: str
    source: str  # one line, shortened
    location: Location


@dataclass(frozen=True, slots=True)
class Handler:
    """An except clause: the exception names it catches, resolved where possible."""

    catches: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a function's body does, as plain observations. Judging is classify's."""

    qualified_name: str  # module.qualname
    location: Location
    statements: int
    calls: tuple[Call, ...] = ()
    loops: tuple[Loop, ...] = ()
    handlers: tuple[Handler, ...] = ()
    request_attributes: tuple[tuple[str, Location], ...] = ()  # self.request.<name>
    globals_written: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()  # plain names only
    is_async: bool = False
    is_generator: bool = False
    returns_value: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A comment `# migrate: light|heavy|ignore <reason>` on a decorator line."""

    decision: str
    reason: str
    location: Location


class DefinitionKind(StrEnum):
    SHARED = "shared_task"  # celery.shared_task
    APP = "app_task"  # <app>.task
    WRAPPER = "wrapper"  # a project decorator that ends in one of the above
    CLASS = "class"  # a Task subclass that is registered
    CALL = "call"  # app.task(f), not as a decorator
    LIGHT = "light_task"  # shim.light_task: already moved


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A Celery task as written in the source."""

    name: str  # as the app would compute it; unique key of the task everywhere
    function: str  # name of the def or class
    qualified_name: str  # module.qualname
    module: str
    location: Location  # of the `def` / `class`
    kind: DefinitionKind
    decorator: Location  # of the expression after `@`
    decorator_source: str
    name_is_explicit: bool = False
    name_is_certain: bool = True  # False: an expression, or the module path is a guess
    app: str = ""  # source of the app expression, for APP
    wrapper: str = ""  # qualified name of the project decorator, for WRAPPER
    base: str = ""  # source of base=, or the class' bases
    # Methods and task options that the base classes define in the project.
    # None: no base class, or one of them could not be read.
    base_defines: tuple[str, ...] | None = None
    options: tuple[Option, ...] = ()  # including those a wrapper adds, where known
    has_spread: bool = False  # **options in the decorator
    is_bound: bool = False
    is_async: bool = False
    decorators_above: tuple[str, ...] = ()
    decorators_below: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: FunctionFacts | None = None
    marker: Marker | None = None
    source_hash: str = ""  # blake2b of the definition's text, decorators included
    in_tests: bool = False

    @property
    def is_light(self) -> bool:
        """Whether it has moved: the shim's decorator makes it."""
        return self.kind is DefinitionKind.LIGHT

    @property
    def given_parameters(self) -> tuple[Parameter, ...]:
        """What a caller gives: not the `self` of a bound task."""
        return self.parameters[1:] if self.is_bound else self.parameters


@dataclass(frozen=True, slots=True)
class TaskWrapper:
    """A project function, class or constant that makes tasks."""

    qualified_name: str
    location: Location
    wraps: str  # qualified name of what it wraps, ending in Celery
    options: tuple[Option, ...] = ()  # options it adds by itself
    reason: str = ""  # how it was recognised
