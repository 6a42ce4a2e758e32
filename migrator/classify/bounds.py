"""How many rounds a loop can make, read from the source of what it goes over."""

from __future__ import annotations

import ast
from enum import StrEnum
from typing import TYPE_CHECKING

from migrator.classify.vocabulary import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from migrator.model import FunctionFacts

MAX_STEPS = 8
WRAPPERS = names("dict enumerate len list range reversed set sorted tuple zip")
LIMITS = names("limit islice paginate head sample top")
QUERY_METHODS = names("""
    all chunks exclude execute fetchall filter filter_by in_bulk iterator iter_rows
    query raw scan_iter scalars select select_related paginate_all values
    values_list yield_per glob iglob iterdir
    listdir rglob scandir walk
    """)
QUERY_NAMES = names("objects query queryset qs session")
LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict)
VIEWS = names("items keys values")


class Bound(StrEnum):
    SMALL = "small"  # a literal, a constant, a setting, a limit or a slice
    QUERY = "query"  # as many as the database holds
    GIVEN = "given"  # as many as the caller passed
    ENDLESS = "endless"  # while
    UNREAD = "unread"


def bound_of(source: str, facts: FunctionFacts | None, parameters: set[str]) -> Bound:
    """The bound of `for ... in <source>` inside the function."""
    names: dict[str, str] = {}
    for assignment in facts.assignments if facts else ():
        names[assignment.name] = assignment.source
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return Bound.UNREAD
    return _Reader(names, parameters).read(tree)


class _Reader:
    """Follows local names to what they were given; each at most once."""

    def __init__(self, names: Mapping[str, str], parameters: set[str]) -> None:
        self.names = dict(names)
        self.parameters = parameters
        self.steps = 0

    def read(self, tree: ast.expr) -> Bound:
        self.steps += 1
        if self.steps > MAX_STEPS:
            return Bound.UNREAD
        if isinstance(tree, LITERALS):
            return _literal(tree)
        if has_limit(tree):
            return Bound.SMALL
        match tree:
            case ast.Subscript():
                bound = self.read_subscript(tree)
            case ast.Name():
                bound = self.read_name(tree.id)
            case ast.Attribute():
                bound = self.read_attribute(tree)
            case ast.Call():
                bound = self.read_call(tree)
            case ast.BinOp():
                bound = worst([self.read(tree.left), self.read(tree.right)])
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                bound = worst(self.read(part.iter) for part in tree.generators)
            case _:
                bound = Bound.UNREAD
        return bound

    def read_subscript(self, tree: ast.Subscript) -> Bound:
        if isinstance(tree.slice, ast.Slice) and tree.slice.upper is not None:
            return Bound.SMALL
        return self.read(tree.value)

    def read_name(self, name: str) -> Bound:
        if name.isupper():
            return Bound.SMALL
        if name in self.names:
            source = self.names.pop(name)
            try:
                return self.read(ast.parse(source, mode="eval").body)
            except (SyntaxError, ValueError):
                return Bound.UNREAD
        return Bound.GIVEN if name in self.parameters else Bound.UNREAD

    def read_attribute(self, tree: ast.Attribute) -> Bound:
        words = _words(tree)
        if tree.attr.isupper() or words[0] == "settings" or tree.attr == "choices":
            return Bound.SMALL
        return Bound.QUERY if QUERY_NAMES & set(words) else Bound.UNREAD

    def read_call(self, tree: ast.Call) -> Bound:
        name = _words(tree.func)[-1]
        if name in WRAPPERS and isinstance(tree.func, ast.Name):
            return worst(self.read(argument) for argument in tree.args)
        if name in VIEWS and isinstance(tree.func, ast.Attribute) and not tree.args:
            inner = self.read(tree.func.value)
            if inner is not Bound.UNREAD:
                return inner
        words = set(_words(tree.func))
        if words & (QUERY_METHODS | QUERY_NAMES) - VIEWS or _mentions_query(tree):
            return Bound.QUERY
        return Bound.UNREAD


def _literal(tree: ast.expr) -> Bound:
    """`[*rows]` is as long as the rows are."""
    starred = any(isinstance(node, ast.Starred) for node in ast.walk(tree))
    return Bound.UNREAD if starred else Bound.SMALL


def worst(bounds: Iterable[Bound]) -> Bound:
    """The largest of several; nothing at all is small."""
    order = [Bound.ENDLESS, Bound.QUERY, Bound.UNREAD, Bound.GIVEN, Bound.SMALL]
    return min(bounds, key=order.index, default=Bound.SMALL)


def has_limit(tree: ast.expr) -> bool:
    """A `.limit(n)`, an islice or a slice of the outermost chain or its argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _words(node.func)[-1] in LIMITS:
            return True
    return False


def _mentions_query(tree: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in QUERY_NAMES
        for node in ast.walk(tree)
    )


def _words(tree: ast.expr) -> list[str]:
    """The names of a chain from its root: calls and subscripts between are skipped."""
    words: list[str] = []
    while True:
        if isinstance(tree, ast.Attribute):
            words.append(tree.attr)
            tree = tree.value
        elif isinstance(tree, ast.Call):
            tree = tree.func
        elif isinstance(tree, ast.Subscript):
            tree = tree.value
        else:
            words.append(tree.id if isinstance(tree, ast.Name) else "")
            return words[::-1]
