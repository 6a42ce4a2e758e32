"""What git says about the target's tree, by its command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

from migrator.errors import DirtyTreeError

# A repository's own configuration may name programs; none of them may run.
GIT_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
# What the tool itself writes for people to edit does not make a tree dirty.
OWN_FILES = frozenset({"migrate.toml", "migrate-evidence.json"})
SHOWN = 5


def git(root: Path, *arguments: str) -> str | None:
    """Output of a git command below `root`; None where git or a repository is missing.

    The environment's hooks and prompts stay out: these are read-only questions.
    """
    try:
        done = subprocess.run(
            ["git", *GIT_SAFE, "-c", "core.quotePath=false", *arguments],  # noqa: S607 - PATH's git is the user's own
            cwd=root,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "surrogateescape")


def state_folder(root: Path) -> Path:
    """Where the journal lives: inside git's own folder, else `.migrate` in the root.

    A journal in the work tree would show up in the diff that it is there to undo.
    """
    answer = git(root, "rev-parse", "--absolute-git-dir")
    if answer is None:
        return root / ".migrate"
    prefix = git(root, "rev-parse", "--show-prefix") or ""
    name = prefix.strip().strip("/").replace("/", "--")
    folder = Path(answer.rstrip("\n")) / "migrate"
    return folder / name if name else folder


def refuse_dirty_tree(root: Path) -> None:
    """DirtyTreeError where uncommitted changes would be mixed with ours.

    A tree without git is let through: there is nothing to mix, and `undo` works.
    """
    status = git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", ".")
    if status is None:
        return
    prefix = (git(root, "rev-parse", "--show-prefix") or "").strip()
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
