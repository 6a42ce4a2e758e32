"""Lists the files of a folder: by git where it can, else by the rules of .gitignore."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from migrator.errors import ProjectError
from migrator.git import run_git
from migrator.model import FileOutcome, FileStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pathspec import GitIgnoreSpec

# Folders that hold other people's code, or none at all.
NEVER_ENTERED = frozenset({"node_modules", "site-packages", "__pycache__"})
MAX_NESTED_REPOSITORIES = 3


def listed_files(root: Path) -> list[str]:
    """Names below the root, sorted, without what git or .gitignore leaves out."""
    listed = _git_files(root)
    if not any(name.endswith(".py") for name in listed or ()):
        listed = list(_walk(root))
    return sorted(set(listed or ()))


def existing_folder(path: Path) -> Path:
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
    try:
        done = run_git(root, "ls-files", "-co", "--exclude-standard", "-z")
    except OSError:
        return None  # no git: the caller walks the folder
    if done.returncode != 0:
        return None  # no repository
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


def _is_hidden(folder: str) -> bool:
    return any(
        part.startswith(".") or part in NEVER_ENTERED for part in folder.split("/")
    )


def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()


def sort_out(
    root: Path, names: list[str], exclude: Sequence[str]
) -> tuple[list[str], list[FileOutcome]]:
    """The files to read, and outcomes of those left out that are Python or failed."""
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
    if _is_hidden(name.rpartition("/")[0]):
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
