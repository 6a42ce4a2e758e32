"""The byte filter: which files can concern Celery at all.

A file that holds none of the words below and none of the names that other files made
into tasks, wrappers or task modules cannot define, call or schedule a task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Plain substring tests: several times cheaper than one expression with alternatives.
WORDS = (
    b"celery",
    b"Celery",
    b"CELERY",
    b".delay",
    b"apply_async",
    b"send_task",
    b"shared_task",
    b"light_task",
    b"periodic_task",
    b"beat_schedule",
    b"BEAT_SCHEDULE",
    b"AsyncResult",
    b"register_task",
    b"FastAPI(",
    b"migrate:",
    b".task(",
    b".task\n",
    b".task\r",
)
ENTRY_KEYS = (b'"schedule"', b"'schedule'", b"schedule=")
LAST_ASCII = 127
FRAMEWORKS = (b"fastapi", b"django", b"flask", b"pyramid")
FRAMEWORK_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(fastapi|django|flask|pyramid)\b", re.MULTILINE
)
# Everything but letters, digits and underscores becomes a space: words are left.
TO_WORDS = bytes(
    code if chr(code).isalnum() or chr(code) == "_" or code > LAST_ASCII else ord(" ")
    for code in range(256)
)
IMPORTS = re.compile(rb"^[ \t]*(?:from|import)[ \t][^\n(]*(?:\([^)]*\))?", re.MULTILINE)
FROM_PACKAGE = re.compile(rb"from[ \t]*\.+[ \t]*import\b")
STAR_IMPORT = re.compile(rb"import[ \t]+\*")


def may_concern_celery(data: bytes) -> bool:
    """Whether one of Celery's own words is in the file, or a mapping like an entry."""
    if any(word in data for word in WORDS):
        return True
    return b"task" in data and any(word in data for word in ENTRY_KEYS)


def frameworks_in(data: bytes, known: set[str]) -> set[str]:
    """Web frameworks that the file imports, those already known left out."""
    unknown = [name for name in FRAMEWORKS if name.decode() not in known]
    if not any(name in data for name in unknown):
        return set()
    return {match.decode() for match in FRAMEWORK_IMPORT.findall(data)} - known


@dataclass(frozen=True, slots=True)
class Names:
    """What a file must hold to refer to something that is known already."""

    modules: frozenset[str]  # that define tasks or wrappers, or pass them on
    defining: frozenset[str]  # those of them that define
    names: frozenset[str]  # of tasks, wrappers, and classes that make tasks

    def without(self, other: Names) -> Names:
        """What is new: all modules for new names, new modules for all names."""
        if not self.names <= other.names:
            return self
        return Names(self.modules - other.modules, frozenset(), self.names)


class NameFilter:
    """Finds files that may refer to tasks by names that are not Celery's own.

    Such a file holds a wanted name, or takes everything by a star; and it imports from
    a module that is known, or writes its dotted name in a string.
    """

    def __init__(self, wanted: Names) -> None:
        self._modules = [name.encode() for name in sorted(wanted.modules)]
        self._dotted = [f"{name}.".encode() for name in sorted(wanted.defining)]
        self.names = frozenset(name.encode() for name in wanted.names)

    def holds_a_name(self, data: bytes) -> bool:
        """Whether a wanted name is in the file, or all names are taken."""
        if not self.names.isdisjoint(data.translate(TO_WORDS).split()):
            return True
        return b"*" in data and STAR_IMPORT.search(data) is not None

    def may_import(self, data: bytes) -> bool:
        """Whether the file imports from a module that is wanted, or names it."""
        imports = b"\n".join(IMPORTS.findall(data))
        if any(module in imports for module in self._modules):
            return True
        if FROM_PACKAGE.search(imports) is not None:  # whose name is not written there
            return True
        return any(dotted in data for dotted in self._dotted)
