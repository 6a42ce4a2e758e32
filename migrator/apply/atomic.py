"""Replaces a file so that a reader, or a crash, sees the old or the new bytes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def leftover(path: Path) -> Path:
    """The temporary name beside `path`; a crash may leave it behind."""
    return path.with_name(f".{path.name}.migrate-new")


def replace_file(path: Path, data: bytes, mode: int) -> None:
    """Write beside `path`, sync, and rename over it. Raises OSError."""
    temporary = leftover(path)
    temporary.unlink(missing_ok=True)
    # O_EXCL: a link planted under the temporary name is never followed.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
