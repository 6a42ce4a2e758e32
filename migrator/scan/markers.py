"""The byte filter: which files can concern Celery at all.

A file that holds none of the words below and none of the names that other files made
into tasks, wrappers or task modules cannot define, call or schedule a task.
"""

from __future__ import annotations

import re

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
    b".task(",
    b".task\n",
    b".task\r",
)
ENTRY_KEYS = (b'"schedule"', b"'schedule'", b"schedule=")
FRAMEWORKS = (b"fastapi", b"django", b"flask", b"pyramid")
FRAMEWORK_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(fastapi|django|flask|pyramid)\b", re.MULTILINE
)
IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
STAR_IMPORT = re.compile(rb"import[ \t]+\*")


def may_concern_celery(data: bytes) -> bool:
    """Whether one of Celery's own words is in the file, or a mapping like an entry."""
    if any(word in data for word in WORDS):
        return True
    return b"task" in data and any(word in data for word in ENTRY_KEYS)


def frameworks_in(data: bytes) -> set[str]:
    """Web frameworks that the file imports."""
    if not any(name in data for name in FRAMEWORKS):
        return set()
    return {match.decode() for match in FRAMEWORK_IMPORT.findall(data)}


class NameFilter:
    """Finds files that may refer to tasks by names that are not Celery's own.

    Such a file must name the module that it imports from, and the task (or take
    everything by a star); a wrapper may be called on its own.
    """

    def __init__(self, modules: set[str], names: set[str]) -> None:
        self._modules = [name.encode() for name in sorted(modules)]
        self._names = {name.encode() for name in names}

    def matches(self, data: bytes) -> bool:
        if not any(module in data for module in self._modules):
            return False
        if not self._names.isdisjoint(IDENTIFIER.findall(data)):
            return True
        return STAR_IMPORT.search(data) is not None
