"""The record that makes a write undoable, kept as one JSON file."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from migrator.apply.atomic import replace_file
from migrator.errors import ApplyError, WriteError
from migrator.model import FileChange
from migrator.reading import read_regular

if TYPE_CHECKING:
    from pathlib import Path


MOST_BYTES = 2**30  # it holds every file that was written, before and after


class State(StrEnum):
    WRITING = "writing"  # an apply has begun; put back if it did not end
    APPLIED = "applied"
    UNDOING = "undoing"  # an undo has begun; put back if it did not end


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the journal; `new_folders` did not exist before, innermost first."""

    change: FileChange
    mode: int
    new_folders: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return self.change.path

    def backwards(self) -> Entry:
        turned = replace(
            self.change, before=self.change.after, after=self.change.before
        )
        return replace(self, change=turned)


@dataclass(frozen=True, slots=True)
class Journal:
    file: Path
    state: State
    entries: list[Entry]

    @property
    def previous_state(self) -> State | None:
        """What the tree was in before the write that this journal describes."""
        return State.APPLIED if self.state is State.UNDOING else None

    def with_state(self, state: State) -> Journal:
        return replace(self, state=state)

    def reversed(self) -> Journal:
        """The journal of the opposite write."""
        turned = [entry.backwards() for entry in reversed(self.entries)]
        state = State.UNDOING if self.state is State.APPLIED else State.WRITING
        return Journal(self.file, state, turned)

    def restore_previous(self) -> None:
        """Say again what held before this write, after everything was put back.

        An undo that died leaves the tree applied, an apply that died leaves nothing.
        """
        if self.previous_state is State.APPLIED:
            self.reversed().with_state(State.APPLIED).save()
        else:
            self.discard()

    def save(self) -> None:
        document = {
            "state": str(self.state),
            "entries": [_to_json(entry) for entry in self.entries],
        }
        try:
            replace_file(self.file, json.dumps(document).encode(), 0o600)
        except OSError as error:
            raise WriteError(
                f"the journal cannot be written: {error.strerror or error}",
                where=str(self.file),
                hint="No file was changed without it. Free the disk or change the "
                "permissions, then run the command again.",
            ) from error

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)

    @classmethod
    def load(cls, file: Path) -> Journal | None:
        """The journal, None where there is none, ApplyError where it is unreadable."""
        if not file.exists():
            return None
        try:
            document = json.loads(read_regular(file, MOST_BYTES))
            state = State(document["state"])
            entries = [_from_json(entry) for entry in document["entries"]]
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            raise ApplyError(
                "the journal of the last apply cannot be read",
                where=str(file),
                hint="Use git to go back (`git diff`, `git restore`), "
                "then remove that file.",
            ) from error
        return cls(file, state, entries)


def _to_json(entry: Entry) -> dict[str, Any]:
    return {
        "path": os.fsencode(entry.path).decode("utf-8", "surrogateescape"),
        "before": _encoded(entry.change.before),
        "after": _encoded(entry.change.after),
        "mode": entry.mode,
        "new_folders": list(entry.new_folders),
    }


def _from_json(data: dict[str, Any]) -> Entry:
    """ValueError where a path leads out: a journal, too, may have been planted."""
    change = FileChange(data["path"], _decoded(data["before"]), _decoded(data["after"]))
    entry = Entry(change, int(data["mode"]), tuple(data["new_folders"]))
    for path in map(PurePosixPath, (entry.path, *entry.new_folders)):
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{path} leads out of the project")
    return entry


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
