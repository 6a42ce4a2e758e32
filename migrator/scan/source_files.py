"""Python files, read and parsed when they are asked for; each ends in one outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import FileOutcome, FileStatus
from migrator.scan.collector import collect
from migrator.scan.facts import FileFacts
from migrator.scan.project_tests import ProjectTests
from migrator.scan.source import SourceText, UnreadableError, decode, parse

if TYPE_CHECKING:
    import ast

    from migrator.project import Project

# Generated data, not a program: parsing it could take all memory.
MAX_BYTES = 5_000_000


class SourceFiles:
    """Reads the Python files of one project."""

    def __init__(self, project: Project) -> None:
        self.outcomes: dict[str, FileOutcome] = {}
        self.tests = ProjectTests()
        self._project = project

    def read(self, path: str) -> bytes | None:
        """The bytes; None where the system refuses them, which becomes the outcome."""
        try:
            data = self._project.read(path)
        except OSError as error:
            self._fail(path, f"cannot be read: {error.strerror or error}", 0)
            return None
        if path not in self.outcomes:
            outcome = FileOutcome(path, FileStatus.FILTERED, "", len(data))
            self.outcomes[path] = outcome
        return data

    def load(self, path: str, module: str) -> FileFacts | None:
        """The facts of a file, whoever asks first: the filter or an import."""
        data = self.read(path)
        if data is None:
            return None
        if len(data) > MAX_BYTES:
            self._fail(path, f"larger than {MAX_BYTES:,} bytes", len(data))
            return None
        try:
            facts = self._collect(path, module, data)
        except UnreadableError as error:
            self._fail(path, str(error), len(data))
            return None
        except (RecursionError, MemoryError):
            self._fail(path, "nested too deeply to be read", len(data))
            return None
        self.outcomes[path] = FileOutcome(path, FileStatus.PARSED, "", len(data))
        return facts

    def _collect(self, path: str, module: str, data: bytes) -> FileFacts:
        text = decode(data)

        def facts_of(tree: ast.Module) -> FileFacts:
            empty = FileFacts(
                path=path,
                module=module,
                is_package=self._project.is_package(path),
                in_tests=self._project.is_test(path),
            )
            return collect(empty, tree, SourceText(text))

        shortened = self.tests.facts(path, text, facts_of)
        return facts_of(parse(text)) if shortened is None else shortened

    def is_outdated(self, facts: FileFacts) -> bool:
        """Whether more of a test module has to be read, by what is known now."""
        data = self.read(facts.path) if self.tests.has(facts.path) else None
        return data is not None and self.tests.is_outdated(facts, decode(data))

    def _fail(self, path: str, reason: str, size: int) -> None:
        self.outcomes[path] = FileOutcome(path, FileStatus.FAILED, reason, size)
