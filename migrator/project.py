"""Which files a project has, their bytes, and the names they are imported by.

Nothing of the target is executed: git is asked only for its list of files, with the
hooks and monitors that a repository can configure switched off.
"""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from migrator.errors import ProjectError
from migrator.model import FileOutcome, FileStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

# Folders that hold other people's code, or none at all.
NEVER_ENTERED = frozenset({"node_modules", "site-packages", "__pycache__"})
# A folder with one of these is where a program is started, hence on sys.path.
ROOT_MARKERS = (
    "manage.py",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "Pipfile",
    "Dockerfile",
    "alembic.ini",
)
TEST_FOLDERS = frozenset({"test", "tests"})
# A repository's own configuration may name programs; none of them may run.
GIT_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
MAX_NESTED_REPOSITORIES = 3


@dataclass(frozen=True)
class Project:
    """A folder of files, as it stood when it was opened."""

    root: Path
    files: tuple[str, ...]
    outcomes: tuple[FileOutcome, ...] = ()
    _listed: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_listed", frozenset(self.files))

    def read(self, path: str) -> bytes:
        """The bytes of a file below the root.

        Raises ProjectError for a path that leads out of the root, and OSError where
        the system refuses to read it.
        """
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts:
            raise ProjectError("the path leads out of the project", where=path)
        return (self.root / pure).read_bytes()

    def module_name(self, path: str) -> str:
        """The name under which the file is imported.

        Walks up while there is an `__init__.py`. A file outside every package is named
        from the nearest folder in which a program can be started (one with manage.py,
        pyproject.toml and the like, or a `src` folder), else from the root.
        """
        pure = PurePosixPath(path)
        names = [] if pure.name == "__init__.py" else [pure.stem]
        folder = pure.parent
        if not self._is_package(folder):
            return ".".join([*self._below_source_root(folder), *names])
        while folder.parts and self._is_package(folder):
            names.insert(0, folder.name)
            folder = folder.parent
        if not folder.parts and self._is_package(folder) and not self._starts_here:
            names[:0] = self._packages_above
        return ".".join(names)

    def is_package(self, path: str) -> bool:
        """Whether the file is the `__init__.py` of a package."""
        return PurePosixPath(path).name == "__init__.py"

    def is_in_package(self, path: str) -> bool:
        """Whether there is an `__init__.py` beside the file."""
        return self._is_package(PurePosixPath(path).parent)

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

    def source_root(self, path: str) -> str:
        """The folder (posix, "" for the root) that must be on sys.path to import it."""
        folder = PurePosixPath(path).parent
        if not self._is_package(folder):
            depth = len(folder.parts) - len(self._below_source_root(folder))
            return "/".join(folder.parts[:depth])
        while folder.parts and self._is_package(folder):
            folder = folder.parent
        return "" if folder == PurePosixPath() else folder.as_posix()

    def _is_package(self, folder: PurePosixPath) -> bool:
        return (folder / "__init__.py").as_posix() in self._listed

    def _below_source_root(self, folder: PurePosixPath) -> list[str]:
        parts = folder.parts
        for depth in range(len(parts), 0, -1):
            here = "/".join(parts[:depth])
            if parts[depth - 1] == "src" or self._holds_root_marker(here):
                return list(parts[depth:])
        return list(parts)

    def _holds_root_marker(self, folder: str) -> bool:
        return any(f"{folder}/{name}" in self._listed for name in ROOT_MARKERS)

    @cached_property
    def _starts_here(self) -> bool:
        """Whether programs are started in the root, which then is no package."""
        return not self._listed.isdisjoint(ROOT_MARKERS)

    @cached_property
    def _packages_above(self) -> list[str]:
        names: list[str] = []
        folder = self.root
        while (folder / "__init__.py").is_file() and folder.name.isidentifier():
            names.insert(0, folder.name)
            folder = folder.parent
        return names


def open_project(path: Path, *, exclude: Sequence[str] = ()) -> Project:
    """List the files of the project at `path`; `exclude` holds gitignore patterns.

    What is left out on purpose or cannot be read as a regular file inside the root is
    in `outcomes`. Raises ProjectError where `path` does not exist, is no folder, or
    holds no Python file at all.
    """
    root = _existing_folder(path)
    listed = _git_files(root)
    if not any(name.endswith(".py") for name in listed or ()):
        listed = list(_walk(root))
    files, outcomes = _sort_out(root, sorted(set(listed or ())), exclude)
    if not any(name.endswith(".py") for name in files):
        raise ProjectError(
            "no Python file found",
            where=str(path),
            hint="Give the folder that holds the source; files that git ignores,"
            " dot-folders and virtual environments are not looked at.",
        )
    return Project(root=root, files=tuple(files), outcomes=tuple(outcomes))


def _existing_folder(path: Path) -> Path:
    try:
        root = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ProjectError(
            "no such folder", where=str(path), hint="Give the root of the project."
        ) from error
    if not root.is_dir():
        raise ProjectError(
            "not a folder", where=str(path), hint="Give the folder, not a file in it."
        )
    return root


def _git_files(root: Path, depth: int = 0) -> list[str] | None:
    """What git tracks and what it does not ignore; None where git cannot say."""
    command = ["git", *GIT_SAFE, "ls-files", "-co", "--exclude-standard", "-z"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None  # no git, or no repository: the caller walks the folder
    names: list[str] = []
    for raw in done.stdout.split(b"\0"):
        name = os.fsdecode(raw).rstrip("/")
        if not name or not os.path.lexists(root / name):
            continue  # deleted in the work tree, still in the index
        if (root / name).is_dir() and not (root / name).is_symlink():
            names += _nested_repository(root, name, depth)
        else:
            names.append(name)
    return names


def _nested_repository(root: Path, name: str, depth: int) -> list[str]:
    """A submodule or a repository inside the repository: git lists only its folder."""
    if depth >= MAX_NESTED_REPOSITORIES or _is_hidden(name):
        return []
    inner = _git_files(root / name, depth + 1)
    if inner is None:
        inner = list(_walk(root / name))
    return [f"{name}/{below}" for below in inner]


def _walk(root: Path) -> Iterator[str]:
    """All files below the root that no .gitignore on the way excludes."""
    pending: list[tuple[str, tuple[tuple[str, GitIgnoreSpec], ...]]] = [("", ())]
    while pending:
        folder, rules = pending.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            yield folder  # it becomes an outcome: a folder that cannot be opened
            continue
        rules += _rules_of(root, folder)
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if _is_ignored(name, rules, is_folder=is_folder):
                continue
            if not is_folder:
                yield name
            elif not _is_hidden(name) and not _is_environment(root / name):
                pending.append((name, rules))


def _rules_of(root: Path, folder: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    path = root / folder / ".gitignore"
    if not path.is_file():
        return ()
    from pathspec import GitIgnoreSpec

    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return ((folder, GitIgnoreSpec.from_lines(lines)),)


def _is_ignored(
    name: str, rules: Iterable[tuple[str, GitIgnoreSpec]], *, is_folder: bool
) -> bool:
    verdict = False
    for folder, spec in rules:  # the innermost file has the last word
        relative = name[len(folder) + 1 :] if folder else name
        result = spec.check_file(relative + "/" if is_folder else relative)
        if result.include is not None:
            verdict = result.include
    return verdict


def _is_hidden(name: str) -> bool:
    return any(
        part.startswith(".") or part in NEVER_ENTERED for part in name.split("/")
    )


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()


def _sort_out(
    root: Path, names: list[str], exclude: Sequence[str]
) -> tuple[list[str], list[FileOutcome]]:
    spec = _exclusions(exclude)
    environments = _environments(names)
    files: list[str] = []
    outcomes: list[FileOutcome] = []
    for name in names:
        outcome = _left_out(root, name, environments)
        if outcome is None and spec is not None and spec.match_file(name):
            outcome = _skipped(name, "excluded by [tool.migrate] exclude")
        if outcome is None:
            files.append(name)
        elif outcome.status is FileStatus.FAILED or name.endswith(".py"):
            outcomes.append(outcome)
    return files, outcomes


def _exclusions(exclude: Sequence[str]) -> GitIgnoreSpec | None:
    if not exclude:
        return None
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(exclude)


def _environments(names: list[str]) -> tuple[str, ...]:
    """Virtual environments that git does not ignore, as path prefixes."""
    markers = (name for name in names if name.endswith("pyvenv.cfg"))
    found = (str(PurePosixPath(name).parent) for name in markers)
    return tuple(f"{folder}/" for folder in found if folder != ".")


def _skipped(name: str, reason: str) -> FileOutcome:
    return FileOutcome(path=name, status=FileStatus.SKIPPED, reason=reason)


def _failed(name: str, reason: str) -> FileOutcome:
    return FileOutcome(path=name, status=FileStatus.FAILED, reason=reason)


def _left_out(
    root: Path, name: str, environments: tuple[str, ...]
) -> FileOutcome | None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        printable = os.fsencode(name).decode("utf-8", "backslashreplace")
        return _failed(printable, "its name is not UTF-8; rename it to have it read")
    if _is_hidden(name):
        return _skipped(name, "inside a hidden folder or one of installed packages")
    if name.startswith(environments):
        return _skipped(name, "inside a virtual environment")
    return _not_a_file(root, name)


def _not_a_file(root: Path, name: str) -> FileOutcome | None:
    try:
        mode = os.lstat(root / name).st_mode
    except OSError as error:
        return _failed(name, f"cannot be looked at: {error.strerror}")
    if stat.S_ISLNK(mode):
        return _link(root, name)
    if stat.S_ISDIR(mode):
        return _failed(name, "the folder cannot be opened")
    return None if stat.S_ISREG(mode) else _skipped(name, "not a regular file")


def _link(root: Path, name: str) -> FileOutcome:
    try:
        target = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        return _failed_link(name)
    if not target.is_relative_to(root):
        return _skipped(name, "a symbolic link that leads out of the project")
    return _skipped(name, f"a symbolic link to {target.relative_to(root).as_posix()}")


def _failed_link(name: str) -> FileOutcome:
    reason = "a symbolic link that leads nowhere or in a circle"
    status = FileStatus.FAILED if name.endswith(".py") else FileStatus.SKIPPED
    return FileOutcome(path=name, status=status, reason=reason)
