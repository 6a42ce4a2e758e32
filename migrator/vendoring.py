"""The shim inside the project, under the name that the configuration gives it.

`shim` is a generic name. A project that has a module of that name, or wants nothing of
ours installed, keeps a copy: `[tool.migrate] shim = "myapp._shim"`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migrator.model import FileChange
from migrator.reading import as_checked_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INSTALLED_NAME = "shim"
COPIED = (".py", ".typed")


def is_vendored(shim: str) -> bool:
    """Whether the shim is a copy in the project instead of an installed package."""
    return shim != INSTALLED_NAME


def folder_of(shim: str, source_root: str) -> str:
    """Its folder below the project's root, posix."""
    name = shim.replace(".", "/")
    return f"{source_root}/{name}" if source_root else name


def vendored_files(
    folder: str, existing: Callable[[str], bytes | None]
) -> Iterator[FileChange]:
    """The copy, as it is in this release; only files that differ from it."""
    source = Path(__file__).parents[1] / INSTALLED_NAME
    for file in sorted(source.rglob("*")):
        if file.suffix not in COPIED:
            continue
        path = f"{folder}/{file.relative_to(source).as_posix()}"
        before = existing(path)
        after = as_checked_out(file.read_bytes(), before)
        if before != after:
            yield FileChange(path, before, after, ("the shim, vendored",))
