"""Remembers what was generated, to tell the team's edits from our own older output.

`generated.json` in the package holds a digest per file. A file that does not have the
digest of the ledger was edited: it belongs to the team, and is not written again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from migrator.reading import as_checked_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "generated.json"


def digest(content: bytes) -> str:
    # Line ends may be changed by git on its way; that is no edit.
    normal = content.replace(b"\r\n", b"\n")
    return hashlib.blake2b(normal, digest_size=16).hexdigest()


def with_ledger(
    folder: str,
    files: dict[str, bytes],
    existing: Callable[[str], bytes | None],
) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """(path, before, after) of each file to write or delete, and of the ledger."""
    if not files and existing(f"{folder}/{NAME}") is None:
        return
    known = _read(folder, existing)
    written: dict[str, str] = {}
    for path, content in sorted(files.items()):
        before = existing(path)
        content = as_checked_out(content, before)  # noqa: PLW2901 - the same content
        is_edited = before is not None and digest(before) != known.get(path)
        if is_edited and before != content:
            # Keeps the digest of what we wrote, so that it still counts as edited.
            written[path] = known.get(path, "")
            continue
        written[path] = digest(content)
        if before != content:
            yield path, before, content
    for path in sorted(set(known) - set(files)):
        before = existing(path)
        if before is not None and digest(before) == known[path]:
            yield path, before, None
    yield from _ledger(folder, written, existing)


def edited(folder: str, existing: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Paths whose content is not what the ledger says."""
    known = _read(folder, existing)
    contents = {path: existing(path) for path in known}
    return tuple(
        path
        for path, content in contents.items()
        if content is not None and digest(content) != known[path]
    )


def _read(folder: str, existing: Callable[[str], bytes | None]) -> dict[str, str]:
    content = existing(f"{folder}/{NAME}")
    if content is None:
        return {}
    try:
        values = json.loads(content)
    except ValueError:
        return {}  # without it every file counts as edited, which is the safe side
    if not isinstance(values, dict):
        return {}
    return {f"{folder}/{name}": str(value) for name, value in values.items()}


def _ledger(
    folder: str, written: dict[str, str], existing: Callable[[str], bytes | None]
) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    path = f"{folder}/{NAME}"
    before = existing(path)
    names = {name.removeprefix(f"{folder}/"): value for name, value in written.items()}
    text = json.dumps(names, indent=2, sort_keys=True) + "\n"
    after = as_checked_out(text.encode(), before)
    if not written:
        yield path, before, None
    elif before != after:
        yield path, before, after
