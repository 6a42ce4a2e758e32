"""Import names of files, as sys.path would give them.

A package is walked up to its top. Above it, and for files outside every package, two
readings are possible: the folder is a root of imports, or a namespace package below
one. The project's own import statements decide; nothing is guessed by a single file.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Parts = tuple[str, ...]

# A folder with one of these is where a program is started, hence on sys.path.
ROOT_MARKERS = (
    "manage.py",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "Dockerfile",
    "alembic.ini",
)
FEW_WORDS = 30
TEST_FOLDERS = frozenset({"test", "tests"})
# Of data after a line end: to look for that is twice as fast as MULTILINE.
IMPORT = re.compile(rb"\n[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)")


class ModuleNames:
    """Names of the files of one project."""

    def __init__(
        self, root: Path, files: Iterable[str], read: Callable[[str], bytes]
    ) -> None:
        self._root = root
        self._files = tuple(files)
        self._listed = frozenset(self._files)
        self._read = read
        self._starts: dict[Parts, Parts] = {}
        self._tops: dict[Parts, Parts] = {}
        self._marks: dict[Parts, Parts] = {}

    def module_name(self, path: str) -> str:
        folder, stem = _split(path)
        names = () if stem == "__init__" else (stem,)
        start = self._start(folder)
        above = () if start or not self.is_package(()) else tuple(self._packages_above)
        return ".".join((*above, *folder[len(start) :], *names))

    def source_root(self, path: str) -> str:
        return "/".join(self._start(_split(path)[0]))

    def is_package(self, folder: Parts) -> bool:
        return "/".join((*folder, "__init__.py")) in self._listed

    def _start(self, folder: Parts) -> Parts:
        """The folder that the name of its files starts in."""
        if folder not in self._starts:
            self._starts[folder] = self._name_start(folder)
        return self._starts[folder]

    def _name_start(self, folder: Parts) -> Parts:
        top = self._package_top(folder)
        marked = self._marked(top)
        if top == marked:
            return top
        if top in self._namespaces:
            return self._namespaces[top]
        return top if top != folder else marked

    def _package_top(self, folder: Parts) -> Parts:
        """The first folder above that is no package."""
        if folder not in self._tops:
            top = folder
            while top and self.is_package(top):
                top = top[:-1]
            self._tops[folder] = top
        return self._tops[folder]

    def _marked(self, folder: Parts) -> Parts:
        """The nearest folder from here up in which a program can be started."""
        if folder not in self._marks:
            self._marks[folder] = self._nearest_mark(folder)
        return self._marks[folder]

    def _nearest_mark(self, folder: Parts) -> Parts:
        for depth in range(len(folder), 0, -1):
            here = folder[:depth]
            if here[-1] == "src" or self._holds_marker(here):
                return here
        return ()

    def _holds_marker(self, folder: Parts) -> bool:
        below = "/".join(folder)
        if f"{below}/manage.py" in self._listed:
            return True
        if self.is_package(folder):
            return False  # `setup.py` and the like are modules of it
        held = [name for name in ROOT_MARKERS if f"{below}/{name}" in self._listed]
        if held == ["setup.py"]:
            return b"setup(" in self._bytes(f"{below}/setup.py")
        return bool(held)

    # ---------------------------------------------------------------- evidence

    @cached_property
    def _namespaces(self) -> dict[Parts, Parts]:
        """Folders that imports show to be namespace packages: where names start."""
        unclear = self._unclear()
        imported = self._imported() if unclear else Counter()
        found: dict[Parts, Parts] = {}
        for top in sorted(unclear, key=len):  # what holds above holds below
            above = next((top[:n] for n in range(len(top)) if top[:n] in found), None)
            start = self._voted(top, unclear[top], imported)
            if above is not None:
                found[top] = found[above]
            elif start is not None:
                found[top] = start
        return found

    def _voted(
        self, top: Parts, members: set[str], imported: Counter[Parts]
    ) -> Parts | None:
        """The outermost reading that is imported more often than the plain one."""
        plain = sum(imported[(member,)] for member in members)
        for depth in range(len(self._marked(top)), len(top)):
            votes = sum(imported[(*top[depth:], member)] for member in members)
            if votes > plain:
                return top[:depth]
        return None

    def _unclear(self) -> dict[Parts, set[str]]:
        """Folders with two readings, and the names that stand in them."""
        unclear: dict[Parts, set[str]] = {}
        for folder, stem in self._python():
            top = self._package_top(folder)
            for depth in range(len(top), len(self._marked(top)), -1):
                inside = folder[depth] if len(folder) > depth else stem
                unclear.setdefault(top[:depth], set()).add(inside)
        return unclear

    def _python(self) -> Iterator[tuple[Parts, str]]:
        return (_split(path) for path in self._files if path.endswith(".py"))

    def _leaf_words(self) -> set[bytes]:
        """What an import of a file with two readings must name: its folder, or it."""
        words: set[bytes] = set()
        for folder, stem in self._python():
            top = self._package_top(folder)
            is_test = not TEST_FOLDERS.isdisjoint(folder)
            if not is_test and top != self._marked(top):
                inside = folder[len(top)] if len(folder) > len(top) else stem
                words |= {top[-1].encode(), inside.encode()}
        return words

    def _imported(self) -> Counter[Parts]:
        """How often each dotted prefix is imported in the project."""
        count: Counter[Parts] = Counter()
        words = self._leaf_words()
        for path in self._files:
            if not path.endswith(".py"):
                continue
            data = self._bytes(path)
            if len(words) < FEW_WORDS and not any(word in data for word in words):
                continue  # a substring test costs a tenth of the expression
            for match in IMPORT.findall(b"\n" + data):
                parts = tuple(match.decode("ascii", "replace").split("."))
                count.update(parts[:length] for length in range(1, len(parts) + 1))
        return count

    def _bytes(self, path: str) -> bytes:
        try:
            return self._read(path)
        except OSError:
            return b""  # the scan tells that it cannot be read

    @cached_property
    def _packages_above(self) -> list[str]:
        """Packages that the root itself lies in, unless programs start in the root."""
        if not self._listed.isdisjoint(ROOT_MARKERS):
            return []
        names: list[str] = []
        folder = self._root
        while (folder / "__init__.py").is_file() and folder.name.isidentifier():
            names.insert(0, folder.name)
            folder = folder.parent
        return names


def _split(path: str) -> tuple[Parts, str]:
    """The folders of a path, and the name of its file without the suffix."""
    head, _, name = path.rpartition("/")
    return tuple(head.split("/")) if head else (), name.rpartition(".")[0] or name
