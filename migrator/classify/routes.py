"""Which queue a task goes to, from `task_routes`."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Location, Setting


@dataclass(frozen=True, slots=True)
class Route:
    """One line of `task_routes`. An empty pattern: the line could not be read."""

    pattern: str
    queue: str | None  # None: it is there, and no literal
    location: Location
    source: str

    def fits(self, task: str) -> bool:
        return not self.pattern or fnmatchcase(task, self.pattern)


def read_routes(setting: Setting) -> Iterator[Route]:
    """The lines of the setting in order; what is no literal gives an unread route."""
    # The source may be shortened; a literal's value is whole.
    source = repr(setting.value) if setting.is_literal else setting.source
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        yield Route("", None, setting.location, setting.source)
        return
    yield from _routes(tree, setting)


def _routes(tree: ast.expr, setting: Setting) -> Iterator[Route]:
    if isinstance(tree, ast.Dict):
        for key, value in zip(tree.keys, tree.values, strict=True):
            yield _route(key, value, setting)
    elif isinstance(tree, ast.List | ast.Tuple):
        for item in tree.elts:
            if isinstance(item, ast.Tuple) and len(item.elts) == 2:  # noqa: PLR2004 - a pair
                yield _route(item.elts[0], item.elts[1], setting)
            else:
                yield from _routes(item, setting)
    elif not (isinstance(tree, ast.Constant) and tree.value is None):
        yield Route("", None, setting.location, setting.source)


def _route(key: ast.expr | None, value: ast.expr, setting: Setting) -> Route:
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return Route("", None, setting.location, setting.source)
    source = f"{key.value}: {ast.unparse(value)}"
    return Route(key.value, _queue(value), setting.location, source)


def _queue(value: ast.expr) -> str | None:
    if isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "queue":
                return _queue(item)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None
