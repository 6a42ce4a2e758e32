"""What git says about the target's tree."""

from __future__ import annotations

from pathlib import Path

from migrator.errors import DirtyTreeError
from migrator.git import ask_git

# What the tool itself writes for people to edit does not make a tree dirty.
OWN_FILES = frozenset(
    {"migrate.toml", "migrate-evidence.json", "migrate-schedules.json"}
)
SHOWN = 5


def state_folder(root: Path) -> Path:
    """Where the journal lives: inside git's own folder, else `.migrate` in the root.

    A journal in the work tree would show up in the diff that it is there to undo.
    """
    answer = ask_git(root, "rev-parse", "--absolute-git-dir")
    if answer is None:
        return root / ".migrate"
    prefix = ask_git(root, "rev-parse", "--show-prefix") or ""
    name = prefix.strip().strip("/").replace("/", "--")
    folder = Path(answer.rstrip("\n")) / "migrate"
    return folder / name if name else folder


def refuse_dirty_tree(root: Path) -> None:
    """DirtyTreeError where uncommitted changes would be mixed with ours.

    A tree without git is let through: there is nothing to mix, and `undo` works.
    """
    status = ask_git(
        root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "."
    )
    if status is None:
        return
    prefix = (ask_git(root, "rev-parse", "--show-prefix") or "").strip()
    entries = [entry for entry in status.split("\0") if entry]
    paths = [entry[3:].removeprefix(prefix) for entry in entries]
    dirty = [path for path in paths if path not in OWN_FILES]
    if not dirty:
        return
    more = f" and {len(dirty) - SHOWN} more" if len(dirty) > SHOWN else ""
    raise DirtyTreeError(
        f"uncommitted changes: {', '.join(dirty[:SHOWN])}{more}",
        where=str(root),
        hint="Commit or stash them first, so that the diff is only the migration's; "
        "or say --allow-dirty.",
    )
