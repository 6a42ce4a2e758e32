"""Which file an import means. Files are read when they are first asked for."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.project import Project
    from migrator.scan.facts import FileFacts

# Distributions that a project's own module of the same name never stands for:
# `from celery import shared_task` inside `paperless/celery.py` is Celery.
ALWAYS_EXTERNAL = frozenset({"celery", "kombu", "billiard", "django", "flask", "redis"})


class ModuleIndex:
    """Import names of the project's files, by the rules of sys.path where known."""

    def __init__(
        self, project: Project, load: Callable[[str, str], FileFacts | None]
    ) -> None:
        self._load = load
        self._loaded: dict[str, FileFacts | None] = {}
        self._names: dict[str, str] = {}
        self._roots: dict[str, str] = {}
        self._canonical: dict[str, list[str]] = defaultdict(list)
        self._alternative: dict[str, list[str]] = defaultdict(list)
        self._found: dict[tuple[str, str], str | None] = {}
        for path in project.files:
            if path.endswith(".py"):
                self._add(project, path)

    def _add(self, project: Project, path: str) -> None:
        name, root = project.module_name(path), project.source_root(path)
        self._names[path], self._roots[path] = name, root
        self._canonical[name].append(path)
        # Outside a package the folder above may be the namespace of the import.
        parts = root.split("/") if root else []
        for start in range(len(parts)):
            self._alternative[".".join([*parts[start:], name])].append(path)
        if not project.is_in_package(path):
            for start in range(1, name.count(".") + 1):
                self._alternative[name.split(".", start)[start]].append(path)

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a file; None where it could not be read."""
        if path not in self._loaded:
            self._loaded[path] = self._load(path, self._names[path])
        return self._loaded[path]

    def forget(self, path: str) -> None:
        """Read the file again when it is next asked for."""
        self._loaded.pop(path, None)

    def is_loaded(self, path: str) -> bool:
        return path in self._loaded

    def locate(self, dotted: str, importer: str) -> tuple[str, tuple[str, ...]] | None:
        """The file that the longest prefix of a dotted name is, and what is left."""
        parts = dotted.split(".")
        if parts[0] in ALWAYS_EXTERNAL:
            return None
        for length in range(len(parts), 0, -1):
            path = self.path_of(".".join(parts[:length]), importer)
            if path is not None:
                return path, tuple(parts[length:])
        return None

    def path_of(self, name: str, importer: str) -> str | None:
        key = (name, importer)
        if key not in self._found:
            self._found[key] = self._path_of(name, importer)
        return self._found[key]

    def _path_of(self, name: str, importer: str) -> str | None:
        candidates = [
            path
            for path in self._canonical.get(name, ())
            if path != importer or len(self._canonical[name]) == 1
        ]
        if not candidates and name.split(".", 1)[0] not in sys.stdlib_module_names:
            candidates = self._alternative.get(name, [])
        if not candidates:
            return None
        return max(candidates, key=lambda path: (_shared(path, importer), -len(path)))


def _shared(path: str, other: str) -> int:
    """How many leading folders two paths have in common."""
    count = 0
    for left, right in zip(path.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count
