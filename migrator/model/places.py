"""Where something is, how a file ended, and what stayed unseen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in the project: posix path below the root, line from 1, column from 0.

    Columns count characters (code points), as LibCST does, not bytes as `ast` does.
    """

    path: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class FileStatus(StrEnum):
    """How a file ended; each file of the project ends in exactly one."""

    PARSED = "parsed"  # read, and its facts are in the inventory
    FILTERED = "filtered"  # no byte of it concerns Celery
    SKIPPED = "skipped"  # left out on purpose (reason says why)
    FAILED = "failed"  # could not be read or parsed (reason says why)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    path: str
    status: FileStatus
    reason: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Something that was seen and could not be resolved."""

    kind: str  # kebab-case, e.g. "dynamic-send-task", "unresolved-receiver"
    location: Location
    text: str  # the source concerned, one line
    reason: str
