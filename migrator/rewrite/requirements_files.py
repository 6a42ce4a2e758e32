"""Which files list requirements for pip, and what each of them takes from others.

pip reads `-r other.txt` relative to the file in which it stands; setuptools and Hatch
name the files of a dynamic list in pyproject.toml.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NAMES = re.compile(r"^(?:.*requirements.*|base|common|prod.*)\.(?:txt|in)$")
INCLUDE = re.compile(r"^[ \t]*(?:-r|--requirement)[ \t=]*([^\s#]+)", re.MULTILINE)


class RequirementsFiles:
    """The files among `paths` that pip reads, by their name or because one names them.

    `read` gives the bytes of a path; bytes that are no UTF-8 include nothing.
    """

    def __init__(self, paths: Sequence[str], read: Callable[[str], bytes]) -> None:
        self._paths = paths
        self._known = frozenset(paths)
        self._read = read
        self._included: dict[str, tuple[str, ...]] = {}

    @cached_property
    def in_order(self) -> tuple[str, ...]:
        """What is included stands before what includes it."""
        named = (path for path in self._paths if NAMES.match(posixpath.basename(path)))
        starts = [*named, *self._of_pyprojects()]
        found: dict[str, None] = {}
        for path in starts:
            for one in (*self.below(path), path):
                found.setdefault(one)
        return tuple(found)

    def below(self, path: str) -> tuple[str, ...]:
        """All files that it includes, the deepest first; a circle ends at its start."""
        found: dict[str, None] = {}
        self._collect(path, found, {path})
        return tuple(found)

    def _collect(self, path: str, found: dict[str, None], above: set[str]) -> None:
        for one in self._includes(path):
            if one not in above and one not in found:
                self._collect(one, found, above | {one})
                found.setdefault(one)

    def _includes(self, path: str) -> tuple[str, ...]:
        if path not in self._included:
            self._included[path] = self._beside(path, INCLUDE.findall(self._text(path)))
        return self._included[path]

    def _of_pyprojects(self) -> Iterator[str]:
        for path in self._paths:
            if posixpath.basename(path) == "pyproject.toml":
                yield from self._beside(path, _dynamic(self._text(path)))

    def _beside(self, path: str, names: Iterable[str]) -> tuple[str, ...]:
        folder = posixpath.dirname(path)
        places = [posixpath.normpath(posixpath.join(folder, name)) for name in names]
        return tuple(place for place in places if place in self._known)

    def _text(self, path: str) -> str:
        return self._read(path).decode("utf-8", "replace")


def _dynamic(text: str) -> list[str]:
    """Files of `dynamic = ["dependencies"]`, by setuptools or Hatch's plugin."""
    if "dynamic" not in text:
        return []
    try:
        tool: Any = tomlkit.parse(text).unwrap().get("tool", {})
    except ParseError:
        return []  # the edit of the file itself says so
    dynamic = _table(tool, "setuptools", "dynamic")
    extras = _table(dynamic, "optional-dependencies")
    lists = [_table(dynamic, "dependencies"), *extras.values()]
    found = [one.get("file", ()) for one in lists if isinstance(one, dict)]
    found.append(
        _table(tool, "hatch", "metadata", "hooks", "requirements_txt").get("files", ())
    )
    return [
        name
        for given in found
        for name in ([given] if isinstance(given, str) else given)
        if isinstance(name, str)
    ]


def _table(value: Any, *names: str) -> dict[str, Any]:
    """The table below some names; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}
