"""Commits what an apply wrote, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.errors import WriteError
from migrator.git import ask_git, names_signer, own_filters, run_git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def commit(root: Path, paths: Sequence[str], message: str) -> None:
    """Commit the paths under the user's own name; no program of the project runs.

    WriteError where git refuses, or cannot do without such a program: the files are
    written then, and not committed.
    """
    if program := _needed_program(root, paths):
        raise _uncommitted(root, f"{program}, and nothing of the repository is run")
    for arguments in (
        ("add", "--all", "--", *paths),
        ("commit", "--quiet", "--no-verify", "--message", message, "--", *paths),
    ):
        done = run_git(root, *arguments)
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip()
            raise _uncommitted(root, f"git {arguments[0]} failed: {reason}")


def _needed_program(root: Path, paths: Sequence[str]) -> str:
    """What a commit by hand would run of the repository's own configuration."""
    if names_signer(root) and ask_git(root, "config", "commit.gpgsign") == "true\n":
        return "its own configuration names the program that signs commits"
    filters = set(own_filters(root))
    answer = ask_git(root, "check-attr", "-z", "filter", "--", *paths) or ""
    used = filters & set(answer.split("\0")[2::3])
    return f"its own filter {min(used)!r} changes these files" if used else ""


def _uncommitted(root: Path, why: str) -> WriteError:
    return WriteError(
        why,
        where=str(root),
        hint="The files of this task are written and not committed; earlier "
        "ones are. Commit them by hand, then run the command again.",
    )
