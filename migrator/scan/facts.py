"""What one pass over one file sees, before anything is linked across files.

Everything here can be pickled: a worker process or a cache hands it over. Syntax trees
are kept only for the few expressions that the linking phase has to look into.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    from migrator.model import Assignment, Location, Loop, Marker, Parameter

MODULE_SCOPE = 0
NO_FUNCTION = -1

# Index of a call among those of its file, and the position or keyword of an argument;
# `[]` after it: a member of the list that is given.
Given = tuple[int, str]
Chain = tuple[str, ...]  # the names of `a.b.c`; calls and subscripts on the way dropped


class BindingKind(IntEnum):
    IMPORT = 1  # target: absolute dotted name
    DEFINITION = 2  # target: qualname within the file
    VALUE = 3  # value: the expression assigned
    ELEMENT = 4  # value: the iterable it is taken from
    PARAMETER = 5  # value: its annotation
    ITEM = 7  # target: its position in the value, which is a call
    OPAQUE = 6  # bound by something that is not followed


@dataclass(slots=True)
class Binding:
    kind: BindingKind
    line: int
    scope: int  # where `value` is to be evaluated
    target: str = ""  # of an element: its position, where a tuple is taken apart
    value: ast.expr | None = None


@dataclass(slots=True)
class Scope:
    kind: str  # module | class | function | inner (lambda, comprehension)
    qualname: str
    parent: int  # -1 for the module
    bindings: dict[str, list[Binding]] = field(default_factory=dict)


@dataclass(slots=True)
class Definition:
    """A `def` or `class`."""

    name: str
    qualname: str
    is_class: bool
    scope: int  # the scope it stands in
    inner: int  # its own scope
    function: int  # the definition around it, or NO_FUNCTION
    location: Location
    end_line: int
    decorators: list[ast.expr]
    guard: str
    bases: list[ast.expr] = field(default_factory=list)
    keywords: list[ast.keyword] = field(default_factory=list)
    parameters: tuple[Parameter, ...] = ()
    returns: list[ast.expr] = field(default_factory=list)
    yields: list[ast.expr] = field(default_factory=list)
    annotation: ast.expr | None = None
    is_async: bool = False
    is_generator: bool = False
    returns_value: bool = False
    statements: int = 0
    loops: list[Loop] = field(default_factory=list)
    handlers: list[tuple[tuple[Chain, ...], Location]] = field(default_factory=list)
    request_attributes: list[tuple[str, Location]] = field(default_factory=list)
    globals_written: list[str] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    marker: Marker | None = None
    source_hash: str = ""


@dataclass(slots=True)
class CallFact:
    """A call. `node` is kept where the linking phase may need its arguments."""

    chain: Chain
    is_plain: bool  # the callee is names and dots only
    node: ast.Call | None
    scope: int
    function: int
    line: int
    column: int
    source: str
    loop_depth: int
    loop_iterates: str
    use: str
    into: str  # source of the callee that it is an argument of
    canvas: str  # chain | group | ... | link | link_error around it
    keywords: tuple[str, ...]
    positional: int
    guard: str


@dataclass(slots=True)
class ReferenceFact:
    """A name, or names and dots, read as a value."""

    chain: Chain
    scope: int
    function: int
    line: int
    column: int
    source: str
    loop_depth: int
    loop_iterates: str
    use: str
    into: str
    canvas: str
    node: ast.expr | None  # where it is not names and dots only
    given: Given | None = None  # the call that it is an argument of


@dataclass(slots=True)
class NameFact:
    """A string that may name a task: given to a call, or kept in data (no `into`)."""

    name: str
    scope: int
    function: int
    line: int
    column: int
    into: str
    loop_depth: int


@dataclass(slots=True)
class AssignmentFact:
    """An assignment that the readers of schedules, settings and apps look at."""

    target: Chain
    key: ast.expr | None  # of `target[key] = value`
    value: ast.expr
    operator: str  # "=" or "|="
    scope: int
    function: int
    line: int
    end_line: int
    column: int
    guard: str


@dataclass(slots=True)
class EntryFact:
    """A mapping with a "schedule" in it, wherever it stands."""

    node: ast.Dict | ast.Call
    path: tuple[
        ast.expr | str | None, ...
    ]  # keys from the statement down; None: a list
    statement: str  # assign | item | augment | call | return | other
    target: Chain  # what the statement assigns to, or calls
    scope: int
    function: int
    location: Location
    end_line: int
    guard: str
    loops: str  # source of the loops around it


@dataclass(slots=True)
class FileFacts:
    path: str
    module: str
    is_package: bool
    in_tests: bool
    source_root: str = ""
    scopes: list[Scope] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    calls: list[CallFact] = field(default_factory=list)
    references: list[ReferenceFact] = field(default_factory=list)
    names: list[NameFact] = field(default_factory=list)
    assignments: list[AssignmentFact] = field(default_factory=list)
    entries: list[EntryFact] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)  # every `# migrate:` comment
    grown: set[str] = field(default_factory=set)  # what items are put into later on
    stars: list[str] = field(default_factory=list)  # modules of `from m import *`
    imports: list[str] = field(default_factory=list)  # absolute dotted names
    by_qualname: dict[str, int] = field(default_factory=dict)
    # source of kept expressions by (line, byte offset, end line, end byte offset)
    texts: dict[tuple[int, int, int, int], str] = field(default_factory=dict)
