"""What was read from stores, between two commands: one JSON file, to be committed."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError
from migrator.operate.documents import load_document, records_of
from migrator.schedules import StoredEntry, with_stored

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from migrator.model import Inventory

FILE_NAME = "migrate-schedules.json"
VERSION = 1
FIELDS = frozenset(field.name for field in fields(StoredEntry))
HINT = "Delete the file and export the schedules again."


def merged(
    old: Iterable[StoredEntry], new: Iterable[StoredEntry]
) -> tuple[StoredEntry, ...]:
    """`new` in place of all that was known of its origins; the other origins stay."""
    fresh = tuple(new)
    origins = {entry.origin for entry in fresh}
    return (*(entry for entry in old if entry.origin not in origins), *fresh)


def schedules_text(entries: Iterable[StoredEntry]) -> str:
    """The document, sorted, so that two exports can be compared."""
    rows = sorted(entries, key=lambda entry: (entry.origin, entry.name))
    document = {"version": VERSION, "entries": [plain_entry(entry) for entry in rows]}
    return json.dumps(document, indent=1, default=str) + "\n"


def plain_entry(entry: StoredEntry) -> dict[str, Any]:
    """The entry as JSON holds it, without what is not there."""
    row = {key: value for key, value in asdict(entry).items() if value not in ("", ())}
    last = entry.last_run_at
    return {**row, "last_run_at": None if last is None else last.isoformat()}


def load_schedules(path: Path) -> tuple[StoredEntry, ...]:
    """What was saved; nothing where there is no file. UsageError where it is broken."""
    try:
        document = load_document(path)
        if document is None:
            return ()
        rows = records_of(document, "entries", VERSION)
        return tuple(_entry(row) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, str(error)) from error


def _entry(row: dict[str, Any]) -> StoredEntry:
    if unknown := set(row) - FIELDS:
        raise ValueError(f"unknown field {min(unknown)}")
    last = row["last_run_at"]
    read = {
        "last_run_at": None if last is None else datetime.fromisoformat(last),
        "args": tuple(row.get("args", ())),
    }
    return StoredEntry(**{**row, **read})


def with_exported(
    inventory: Inventory, root: Path, imported: Iterable[StoredEntry] = ()
) -> Inventory:
    """The inventory with what was exported, and what was `imported` just now."""
    stored = merged(load_schedules(root / FILE_NAME), imported)
    schedules = with_stored(inventory.schedules, stored, FILE_NAME)
    return replace(inventory, schedules=schedules)


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"the exported schedules cannot be read: {why}", where=path.name, hint=HINT
    )
