"""Which files a project has, their bytes, and the names they are imported by.

Nothing of the target is executed: git is asked only for its list of files, with the
hooks and monitors that a repository can configure switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from migrator.errors import ProjectError
from migrator.project.listing import existing_folder, listed_files, sort_out
from migrator.project.names import TEST_FOLDERS, ModuleNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import FileOutcome


@dataclass(frozen=True)
class Project:
    """A folder of files, as it stood when it was opened."""

    root: Path
    files: tuple[str, ...]
    outcomes: tuple[FileOutcome, ...] = ()

    def read(self, path: str) -> bytes:
        """The bytes of a file below the root.

        Raises ProjectError for a path that leads out of the root, and OSError where
        the system refuses to read it.
        """
        if path.startswith("/") or (".." in path and ".." in path.split("/")):
            raise ProjectError("the path leads out of the project", where=path)
        with open(f"{self.root}/{path}", "rb") as file:  # noqa: PTH123 - read thousands of times
            return file.read()

    def module_name(self, path: str) -> str:
        """The name under which the file is imported.

        Walks up while there is an `__init__.py`. Above that, and for files outside
        every package, the imports of the project itself decide how far the name goes;
        where they do not, it starts at the package, or at the nearest folder in which
        a program can be started (one with manage.py, pyproject.toml and the like).
        """
        return self._names.module_name(path)

    def source_root(self, path: str) -> str:
        """The folder (posix, "" for the root) that must be on sys.path to import it."""
        return self._names.source_root(path)

    def source_root_of(self, module: str) -> str:
        """The folder that a module is imported from; "" where it is none of ours."""
        for path in self.files:
            if path.endswith(".py") and self.module_name(path) == module:
                return self.source_root(path)
        return ""

    def is_package(self, path: str) -> bool:
        """Whether the file is the `__init__.py` of a package."""
        return path.rpartition("/")[2] == "__init__.py"

    def is_in_package(self, path: str) -> bool:
        """Whether there is an `__init__.py` beside the file."""
        folder = path.rpartition("/")[0]
        return self._names.is_package(tuple(folder.split("/")) if folder else ())

    def is_test(self, path: str) -> bool:
        """Whether the path says that the file belongs to the tests."""
        pure = PurePosixPath(path)
        stem = pure.stem
        return (
            not TEST_FOLDERS.isdisjoint(pure.parts[:-1])
            or stem in {"conftest", "test", "tests"}
            or stem.startswith("test_")
            or stem.endswith(("_test", "_tests"))
        )

    @cached_property
    def _names(self) -> ModuleNames:
        return ModuleNames(self.root, self.files, self.read)


def open_project(path: Path, *, exclude: Sequence[str] = ()) -> Project:
    """List the files of the project at `path`; `exclude` holds gitignore patterns.

    What is left out on purpose or cannot be read as a regular file inside the root is
    in `outcomes`. Raises ProjectError where `path` does not exist, is no folder, or
    holds no Python file at all.
    """
    root = existing_folder(path)
    files, outcomes = sort_out(root, listed_files(root), exclude)
    if not any(name.endswith(".py") for name in files):
        raise ProjectError(
            "no Python file found",
            where=str(path),
            hint="Give the folder that holds the source; files that git ignores,"
            " dot-folders and virtual environments are not looked at.",
        )
    return Project(root=root, files=tuple(files), outcomes=tuple(outcomes))
