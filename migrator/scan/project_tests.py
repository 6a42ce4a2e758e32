"""Test modules, read without the test functions that have to do with no task.

What that depends on are the names of the project, so these files are read after all
others, and read again where a name turns up that one of them has after all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.scan.aliases import aliases_in
from migrator.scan.idle_tests import WORDS, without_idle_tests
from migrator.scan.source import parse_or_none

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from migrator.scan.facts import FileFacts

TEST_FOLDERS = frozenset({"test", "tests"})
OF_CELERY = frozenset(word.decode() for word in WORDS)


@dataclass(frozen=True, slots=True)
class Known:
    """What the project has named, as far as it has been read."""

    names: frozenset[str]  # of tasks, wrappers and classes, parts and aliases of them
    apps: frozenset[str]  # variables of Celery applications


def is_test_module(path: str) -> bool:
    """`tests/test_x.py` and the like: only a test runner calls its functions."""
    folder, _, name = path.rpartition("/")
    is_named = name.startswith("test_") or name.endswith(("_test.py", "_tests.py"))
    return is_named and not TEST_FOLDERS.isdisjoint(folder.split("/"))


class ProjectTests:
    """Shortens test modules once something is known; before that they stay whole."""

    def __init__(self) -> None:
        self.known: Known | None = None
        self._read: dict[str, int] = {}  # digests of what was read

    def facts(
        self, path: str, text: str, facts_of: Callable[[ast.Module], FileFacts]
    ) -> FileFacts | None:
        """The facts of the shortened module; None where it has to be read whole."""
        if self.known is None or not is_test_module(path):
            return None
        words = _encoded(self.known.names)
        while True:
            short = without_idle_tests(text, words)
            tree = None if short is text else parse_or_none(short)
            if tree is None:
                self._read.pop(path, None)
                return None
            facts = facts_of(tree)
            more = words | self._aliases(facts)
            if more == words or without_idle_tests(text, more) == short:
                self._read[path] = hash(short)
                return facts
            words = more

    def has(self, path: str) -> bool:
        """Whether the module was shortened."""
        return path in self._read

    def is_outdated(self, facts: FileFacts, text: str) -> bool:
        """Whether more of a shortened module has to be read, by what is known now."""
        assert self.known is not None  # noqa: S101 - it was shortened
        words = _encoded(self.known.names) | self._aliases(facts)
        return hash(without_idle_tests(text, words)) != self._read[facts.path]

    def _aliases(self, facts: FileFacts) -> frozenset[bytes]:
        """Names that only this module gives to something that is known."""
        assert self.known is not None  # noqa: S101 - checked by the callers
        names = self.known.names | self.known.apps | OF_CELERY
        return _encoded(aliases_in(facts, names))


def _encoded(names: AbstractSet[str]) -> frozenset[bytes]:
    return frozenset(name.encode("utf-8", "surrogatepass") for name in names)
