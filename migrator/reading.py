"""Reads files that the tool asks for by name, and that a repository may have planted.

A pipe would never end, and a device never be empty: only a regular file is read, and
only up to a size that no such file has.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 16 * 2**20


def as_checked_out(content: bytes, before: bytes | None) -> bytes:
    """Our content (LF) with the line ends of the file that it is to replace.

    git may give a file CRLF when it checks it out: that is no difference.
    """
    if before is None or b"\r\n" not in before:
        return content
    return content.replace(b"\n", b"\r\n")


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content. OSError where it is no regular file, or has more than `most` bytes.

    A link is followed: a project may keep its configuration in one place.
    """
    # Without O_NONBLOCK the opening of a pipe waits for somebody who writes.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most // 2**20} MB", str(path))
    return data
