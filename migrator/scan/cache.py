"""The last inventory of a project, used again where nothing that it read has changed.

Kept in the user's cache folder, never in the project: one file for each project root.
It is taken only if every file that the scan reads has the same content, and the tool,
its own source and the Python that runs it are the same.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator._version import __version__
from migrator.model import Inventory
from migrator.scan.processes import may_start_processes

if TYPE_CHECKING:
    from migrator.project import Project

DIGEST_SIZE = 20
MAX_PROJECTS = 20


def default_folder() -> Path | None:
    """`$XDG_CACHE_HOME/celery-light-migrate`; None where MIGRATE_CACHE is "off"."""
    if os.environ.get("MIGRATE_CACHE", "") == "off":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no home is no error here
    return Path(base) / "celery-light-migrate"


def digest_of(project: Project) -> bytes:
    """Over everything that decides what the scan gives."""
    total = hashlib.blake2b(digest_size=DIGEST_SIZE)
    total.update(f"{__version__} {sys.version_info[:3]} {_own_source()}".encode())
    total.update(repr(project.outcomes).encode("utf-8", "replace"))
    for path in project.files:
        total.update(path.encode("utf-8", "surrogateescape") + b"\0")
        if path.endswith(".py") or may_start_processes(path):
            total.update(_content(project, path))
    return total.digest()


def _content(project: Project, path: str) -> bytes:
    try:
        data = project.read(path)
    except OSError as error:
        return repr(error).encode()
    return hashlib.blake2b(data, digest_size=DIGEST_SIZE).digest()


def _own_source() -> str:
    """Changes while the tool itself is being worked on."""
    folder = Path(__file__).parent
    return repr(sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*.py")))


def load(folder: Path, project: Project, digest: bytes) -> Inventory | None:
    """The inventory of exactly this content, or None."""
    path = _path(folder, project)
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None  # a pickle of somebody else is never opened
            if file.read(DIGEST_SIZE) != digest:
                return None
            inventory = pickle.load(file)  # noqa: S301 - our own file, checked above
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError):
        return None  # no cache, or one of another version: the scan runs
    if not isinstance(inventory, Inventory):
        return None
    return replace(inventory, root=str(project.root))


def store(folder: Path, project: Project, digest: bytes, inventory: Inventory) -> None:
    """Keep the inventory; a folder that cannot be written is no failure of a scan."""
    path = _path(folder, project)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(digest)
                pickle.dump(inventory, file, protocol=pickle.HIGHEST_PROTOCOL)
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(path)
        _prune(path.parent)
    except OSError:
        return


def _prune(folder: Path) -> None:
    """Forget the projects that were scanned longest ago."""
    kept = sorted(folder.glob("*.scan"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-MAX_PROJECTS]:
        path.unlink(missing_ok=True)


def _path(folder: Path, project: Project) -> Path:
    name = hashlib.blake2b(os.fsencode(project.root), digest_size=DIGEST_SIZE)
    return folder / f"{name.hexdigest()}.scan"
