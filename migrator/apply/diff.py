"""A ChangeSet as a patch that `git apply` takes, byte for byte.

Format: https://git-scm.com/docs/diff-format, "Generating patch text with -p".
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import FileChange

# What stands unquoted in a path: printable ASCII but for the two that quoting uses.
PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - set('"\\')
NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified_diff(changes: Iterable[FileChange]) -> bytes:
    """The patch of all changes, in the order given; empty where nothing changes."""
    return b"".join(_file_patch(change) for change in changes)


def _file_patch(change: FileChange) -> bytes:
    if change.before == change.after:
        return b""
    old, new = _quoted("a/" + change.path), _quoted("b/" + change.path)
    head = b"diff --git " + old + b" " + new + b"\n"
    if change.before is None:
        head += b"new file mode 100644\n"
        old = b"/dev/null"
    if change.after is None:
        head += b"deleted file mode 100644\n"
        new = b"/dev/null"
    hunks = b"".join(_hunks(change.before or b"", change.after or b""))
    if not hunks:  # an empty file comes or goes
        return head
    return head + b"--- " + old + b"\n+++ " + new + b"\n" + hunks


def _hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    lines = difflib.diff_bytes(
        difflib.unified_diff,
        _lines(before),
        _lines(after),
        lineterm=b"\n",
    )
    for index, line in enumerate(lines):
        if index >= 2:  # noqa: PLR2004 - difflib's own two file lines come first
            yield line if line.endswith(b"\n") else line + NO_NEWLINE


def _lines(data: bytes) -> list[bytes]:
    """Lines as git sees them: only a line feed ends one, never a bare return."""
    pieces = data.split(b"\n")
    last = pieces.pop()
    return [piece + b"\n" for piece in pieces] + ([last] if last else [])


def _quoted(path: str) -> bytes:
    """A path as git prints it: quoted, with octal escapes, where it is unusual."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(chr(byte) in PLAIN for byte in raw):
        return raw
    escaped = b"".join(_escape(byte) for byte in raw)
    return b'"' + escaped + b'"'


def _escape(byte: int) -> bytes:
    character = bytes([byte])
    if character in b'"\\':
        return b"\\" + character
    if chr(byte) in PLAIN:
        return character
    return b"\\%03o" % byte
