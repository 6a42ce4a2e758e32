"""Commits what an apply wrote, and nothing else."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from migrator.apply.tree import GIT_SAFE
from migrator.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def commit(root: Path, paths: Sequence[str], message: str) -> None:
    """Commit the paths under the user's own name; no hook of the project runs.

    WriteError where git refuses: the files are written then, and not committed.
    """
    for arguments in (
        ("add", "--all", "--", *paths),
        ("commit", "--quiet", "--no-verify", "--message", message, "--", *paths),
    ):
        done = subprocess.run(
            ["git", *GIT_SAFE, *arguments],  # noqa: S607 - PATH's git is the user's own
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise WriteError(
                f"git {arguments[0]} failed: {done.stderr.strip()}",
                where=str(root),
                hint="The files of this task are written and not committed; earlier "
                "ones are. Commit them by hand, then run the command again.",
            )
