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
    may_concern_celery,
)
from migrator.scan.modules import ModuleIndex
from migrator.scan.processes import has_kubernetes, read_processes
from migrator.scan.project_tests import is_test_module
from migrator.scan.source_files import SourceFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
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
        self,
        project: Project,
        progress: Callable[[int, int], None] | None = None,
        *,
        reads_tests_whole: bool = False,
    ) -> None:
        self._project = project
        self._reads_tests_whole = reads_tests_whole  # slower; to prove the same result
        self._progress = progress
        self._files = SourceFiles(project)
        # Handed a method of its own, the scan would be a circle of all syntax trees,
        # and their release a second of the garbage collector's on a large project.
        self._modules = ModuleIndex(project, self._files.load)
        self._linker = Linker(self._modules)
        self._frameworks: set[str] = set()
        self._names: frozenset[bytes] = frozenset()  # that were looked for
        self._nameless: set[str] = set()  # files that hold none of them

    def run(self) -> Inventory:
        paths = [path for path in self._project.files if path.endswith(".py")]
        fresh: list[FileFacts] = []
        tests: list[str] = []
        for done, path in enumerate(paths):
            self._tell(done, len(paths))
            data = self._files.read(path)
            if data is None:
                continue
            self._frameworks |= frameworks_in(data, self._frameworks)
            if may_concern_celery(data):
                if is_test_module(path):
                    tests.append(path)
                else:
                    fresh += self._facts([path])
        self._tell(len(paths), len(paths))
        code = [path for path in paths if not is_test_module(path)]
        known = self._grow(code, fresh, Names(frozenset(), frozenset(), frozenset()))
        if not self._reads_tests_whole:
            self._files.tests.known = self._linker.known()
        modules = [path for path in paths if is_test_module(path)]
        fresh = self._facts(tests) + self._matching(modules, NameFilter(known))
        self._grow(paths, fresh, known)
        return self._complete(self._linker.link())

    def _facts(self, paths: Iterable[str]) -> list[FileFacts]:
        found = (self._modules.facts(path) for path in paths)
        return [facts for facts in found if facts is not None]

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _grow(self, paths: list[str], fresh: list[FileFacts], known: Names) -> Names:
        """Link what was read, and look for its names in the files left out."""
        for _ in range(MAX_ROUNDS):
            if not fresh:
                break
            self._linker.add(fresh)
            found = self._linker.names()
            fresh = []
            if found != known:
                fresh = self._matching(paths, NameFilter(found.without(known)))
            known = found
            fresh += self._read_again()
        return known

    def _matching(self, paths: list[str], wanted: NameFilter) -> list[FileFacts]:
        if wanted.names != self._names:
            self._names, self._nameless = wanted.names, set()
        found: list[FileFacts] = []
        for path in paths:
            outcome = self._files.outcomes.get(path)
            if self._linker.has(path) or outcome is None or outcome.status in UNREAD:
                continue
            if path not in self._nameless and self._refers(path, wanted):
                found += self._facts([path])
        return found

    def _refers(self, path: str, wanted: NameFilter) -> bool:
        """Whether a file that holds no word of Celery's may refer to a task."""
        data = self._files.read(path)
        if data is None:
            return False
        if not wanted.holds_a_name(data):
            self._nameless.add(path)
            return False
        return wanted.may_import(data)

    def _read_again(self) -> list[FileFacts]:
        """Test modules in which a name stands that was not known before."""
        tests, known = self._files.tests, self._linker.known()
        if tests.known is None or tests.known == known:
            return []
        tests.known = known
        shortened = [facts for facts in self._linker.files() if tests.has(facts.path)]
        outdated = [one.path for one in shortened if self._files.is_outdated(one)]
        for path in outdated:
            self._modules.forget(path)
        return self._facts(outdated)

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
