"""Scanning in order: filter, collect file by file, link, and gather the Inventory."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import FileStatus
from migrator.scan.cache import digest_of, load, store
from migrator.scan.linking import Linker
from migrator.scan.markers import (
    NameFilter,
    Names,
    frameworks_in,
    imports_in,
    may_concern_celery,
)
from migrator.scan.modules import ModuleIndex
from migrator.scan.processes import has_kubernetes, read_processes
from migrator.scan.source_files import SourceFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from migrator.model import Inventory
    from migrator.project import Project
    from migrator.scan.facts import FileFacts

UNREAD = frozenset({FileStatus.FAILED, FileStatus.SKIPPED})
MAX_ROUNDS = 8  # of new names that lead to new files


class Scan:
    """One scan of one project, in one process.

    Workers were measured and gained nothing: handing the facts of a file over costs as
    much as reading it.
    """

    def __init__(
        self, project: Project, progress: Callable[[int, int], None] | None
    ) -> None:
        self._project = project
        self._progress = progress
        self._files = SourceFiles(project)
        # Handed a method of its own, the scan would be a circle of all syntax trees,
        # and their release a second of the garbage collector's on a large project.
        self._modules = ModuleIndex(project, self._files.load)
        self._linker = Linker(self._modules)
        self._frameworks: set[str] = set()
        self._imports: dict[str, bytes] = {}  # statements of files left out

    def run(self) -> Inventory:
        paths = [path for path in self._project.files if path.endswith(".py")]
        fresh: list[FileFacts] = []
        for done, path in enumerate(paths):
            self._tell(done, len(paths))
            data = self._files.read(path)
            if data is None:
                continue
            self._frameworks |= frameworks_in(data, self._frameworks)
            if may_concern_celery(data):
                facts = self._modules.facts(path)
                if facts is not None:
                    fresh.append(facts)
        self._tell(len(paths), len(paths))
        self._grow(paths, fresh)
        inventory = self._linker.link()
        return self._complete(inventory)

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _grow(self, paths: list[str], fresh: list[FileFacts]) -> None:
        """Link what was read, and look for its names in the files left out."""
        known = Names(frozenset(), frozenset(), frozenset())
        for _ in range(MAX_ROUNDS):
            self._linker.add(fresh)
            found = self._linker.names()
            if found == known:
                break
            fresh = self._matching(paths, NameFilter(found.without(known)))
            known = found
            if not fresh:
                break
        self._imports.clear()

    def _matching(self, paths: list[str], wanted: NameFilter) -> list[FileFacts]:
        found: list[FileFacts] = []
        for path in paths:
            outcome = self._files.outcomes.get(path)
            if self._linker.has(path) or outcome is None or outcome.status in UNREAD:
                continue
            if self._refers(path, wanted):
                facts = self._modules.facts(path)
                if facts is not None:
                    found.append(facts)
        return found

    def _refers(self, path: str, wanted: NameFilter) -> bool:
        """Whether a file that holds no word of Celery's may refer to a task."""
        imports = self._imports.get(path)
        if imports is not None and wanted.is_ruled_out(imports):
            return False
        data = self._files.read(path)
        if data is None:
            return False
        if imports is None:
            imports = self._imports[path] = imports_in(data)
        return (wanted.may_import(imports) or wanted.may_name(data)) and wanted.matches(
            data
        )

    # ----------------------------------------------------------------- the end

    def _complete(self, inventory: Inventory) -> Inventory:
        outcomes = [*self._project.outcomes, *self._files.outcomes.values()]
        processes, failed = read_processes(self._project)
        outcomes += failed
        return replace(
            inventory,
            root=str(self._project.root),
            files=tuple(sorted(outcomes, key=lambda one: one.path)),
            processes=processes,
            frameworks=tuple(sorted(self._frameworks)),
            has_kubernetes=has_kubernetes(self._project),
        )


def scan_project(
    project: Project,
    *,
    progress: Callable[[int, int], None] | None = None,
    cache: Path | None = None,
) -> Inventory:
    """Everything of Celery in the project, or on the list of blind spots.

    `progress` is called with files done and files in all. Each Python file ends in
    exactly one outcome; a file that cannot be read or parsed is one of them, never an
    error. Nothing of the project is imported or executed. `cache` is a folder in which
    the inventory is kept for a scan of the same content; None: nothing is kept.
    """
    with _no_collection():
        if cache is None:
            return Scan(project, progress).run()
        digest = digest_of(project)
        inventory = load(cache, project, digest)
        if inventory is None:
            inventory = Scan(project, progress).run()
            store(cache, project, digest, inventory)
        return inventory


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cyclic garbage collector: trees hold no cycles, and are many."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
