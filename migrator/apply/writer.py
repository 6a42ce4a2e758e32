"""Writes a ChangeSet all or nothing, and can take it back.

The journal is written and synced before the first file is touched, and holds the
bytes before and after. A crash at any point leaves a journal in state `writing`;
the next command puts the files back (`recover`).
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from migrator.apply.atomic import leftover, replace_file
from migrator.apply.journal import Entry, Journal, State
from migrator.apply.tree import state_folder
from migrator.errors import ApplyError, ConflictError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from migrator.model import FileChange

NEW_FILE_MODE = 0o644
# Asked of the mode, not of the process: root may write a read-only file, and must not.
ANY_WRITE = 0o222


def apply_changes(root: Path, changes: Sequence[FileChange]) -> tuple[str, ...]:
    """Write every change, or none. Returns the paths written.

    Raises ConflictError where a file is not what the change was computed from, and
    WriteError where the disk refuses; the tree is then as it was.
    """
    wanted = [change for change in changes if change.before != change.after]
    if not wanted:
        return ()
    with exclusive(root) as folder:
        _check_unchanged(root, wanted)
        journal = Journal(
            folder / "journal.json", State.WRITING, [_entry(root, c) for c in wanted]
        )
        journal.save()
        _write_or_put_back(root, journal)
        journal.with_state(State.APPLIED).save()
    return tuple(change.path for change in wanted)


def write_file(path: Path, data: bytes) -> bool:
    """Write one file of our own, whole or not at all; False: it was so already.

    Raises WriteError where the disk or its permissions refuse.
    """
    try:
        if path.exists() and path.read_bytes() == data:
            return False
        replace_file(path, data, NEW_FILE_MODE)
    except OSError as error:
        raise WriteError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            hint="Free the disk or change the permissions, then try again.",
        ) from error
    return True


def undo_last(root: Path) -> tuple[str, ...]:
    """Put back what the last apply changed. Returns the paths.

    Raises ApplyError where there is nothing to undo, ConflictError where a file was
    changed since.
    """
    with exclusive(root) as folder:
        journal = Journal.load(folder / "journal.json")
        if journal is None or journal.state is not State.APPLIED:
            raise ApplyError(
                "there is no applied change to undo",
                where=str(root),
                hint="`migrate apply` writes the journal that undo reads.",
            )
        backwards = journal.reversed()
        _check_unchanged(root, [entry.change for entry in backwards.entries])
        backwards.save()
        _write_or_put_back(root, backwards)
        backwards.discard()
    return tuple(entry.path for entry in backwards.entries)


def last_changes(root: Path) -> tuple[FileChange, ...]:
    """What the last apply wrote; empty where there is none, or it was undone."""
    journal = Journal.load(state_folder(root) / "journal.json")
    if journal is None or journal.state is not State.APPLIED:
        return ()
    return tuple(entry.change for entry in journal.entries)


def recover(root: Path) -> tuple[str, ...]:
    """Put back what an apply or undo that died had half written. Returns the paths."""
    with exclusive(root) as folder:
        journal = Journal.load(folder / "journal.json")
        if journal is None or journal.state is State.APPLIED:
            return ()
        _put_back(root, journal.entries)
        journal.restore_previous()
    return tuple(entry.path for entry in journal.entries)


@contextmanager
def exclusive(root: Path) -> Iterator[Path]:
    """Hold the project's state folder; ApplyError where another command has it."""
    folder = state_folder(root)
    handle = _opened(folder)
    try:
        if not _lock(handle):
            raise ApplyError(
                "another `migrate` command is writing here",
                where=str(root),
                hint="Wait until it has ended, then run this again.",
            )
        yield folder
    finally:
        os.close(handle)  # releases the lock


def _opened(folder: Path) -> int:
    """The lock file in our own folder, which no link may lead to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        nowhere_else = getattr(os, "O_NOFOLLOW", 0)
        if nowhere_else:
            os.close(os.open(folder, os.O_RDONLY | nowhere_else))
        flags = os.O_RDWR | os.O_CREAT | nowhere_else
        return os.open(folder / "lock", flags, 0o644)
    except OSError as error:
        raise WriteError(
            f"the tool's own folder cannot be used: {error.strerror}",
            where=str(folder),
            hint="Nothing was written. Remove it, or change its permissions.",
        ) from error


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; its open files cannot be replaced
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _entry(root: Path, change: FileChange) -> Entry:
    path = root / change.path
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else NEW_FILE_MODE
    return Entry(change, mode, _missing_folders(root, path))


def _missing_folders(root: Path, path: Path) -> tuple[str, ...]:
    missing = []
    for folder in path.parents:
        if folder == root or folder.exists():
            break
        missing.append(folder.relative_to(root).as_posix())
    return tuple(missing)


def _check_unchanged(root: Path, changes: Sequence[FileChange]) -> None:
    for change in changes:
        path = _inside(root, change.path)
        try:
            now = path.read_bytes() if path.exists() else None
        except OSError as error:
            raise WriteError(
                f"cannot be read: {error.strerror}",
                where=change.path,
                hint="Nothing was written. Make the file readable and try again.",
            ) from error
        if now != change.before:
            raise ConflictError(
                "is not what it was when the change was computed",
                where=change.path,
                hint="Nothing was written. Look at the file (`git diff`), "
                "then run the command again.",
            )


def _inside(root: Path, relative: str) -> Path:
    """The path below the root, or WriteError: links and `..` may not lead out."""
    path = root / relative
    real_root = root.resolve()
    if path.is_symlink() or not path.parent.resolve().is_relative_to(real_root):
        raise WriteError(
            "leads out of the project, or is a link",
            where=relative,
            hint="Nothing was written. Edit the file it points to by hand.",
        )
    return path


def _write_or_put_back(root: Path, journal: Journal) -> None:
    try:
        for entry in journal.entries:
            _write(root, entry)
    except BaseException as error:
        with _uninterrupted():
            _put_back(root, journal.entries)
            journal.restore_previous()
        if isinstance(error, OSError):
            raise WriteError(
                f"cannot be written: {error.strerror or error}",
                where=str(error.filename or ""),
                hint="Everything was put back as it was. Free the disk or change "
                "the permissions, then run the command again.",
            ) from error
        raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Without Ctrl-C: a second one would leave a half of each."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _put_back(root: Path, entries: Sequence[Entry]) -> None:
    for entry in reversed(entries):
        path = root / entry.path
        if path.parent.is_dir():
            leftover(path).unlink(missing_ok=True)
        now = path.read_bytes() if path.exists() else None
        if now != entry.change.before:
            _write(root, entry.backwards())
        elif now is None:
            _remove_folders(root, entry)  # made, and then the file was not


def _write(root: Path, entry: Entry) -> None:
    path = _inside(root, entry.path)
    if entry.change.after is None:
        path.unlink(missing_ok=True)
        _remove_folders(root, entry)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.stat().st_mode & ANY_WRITE:
        raise PermissionError(errno.EACCES, "the file is read-only", entry.path)
    replace_file(path, entry.change.after, entry.mode)


def _remove_folders(root: Path, entry: Entry) -> None:
    for folder in entry.new_folders:
        _remove_empty(root / folder)


def _remove_empty(folder: Path) -> None:
    """Remove a folder that we made, unless something of the user's is in it now."""
    for cache in folder.glob("__pycache__/*.pyc"):
        cache.unlink()
    for name in (folder / "__pycache__", folder):
        if name.is_dir() and not any(name.iterdir()):
            name.rmdir()
