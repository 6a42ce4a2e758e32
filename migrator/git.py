"""Asks git, by its command line, without letting the repository run anything.

The configuration inside a repository may name programs: hooks, a file monitor, filters
for the content of files, a program that signs. Whoever unpacks somebody's archive has
that configuration on disk. None of it runs; what the user's own configuration names
does (https://git-scm.com/docs/git-config).
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Where a hook's environment would lead away from the folder that is asked about.
ELSEWHERE = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
    }
)
# No question is asked on the terminal, and nothing is fetched: not even an object
# that a partial clone lacks.
CLOSED = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}
NO_HOOKS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
FILTER = re.compile(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.DOTALL)
OWN_SCOPES = frozenset({"local", "worktree"})
SIGNER = re.compile(r"gpg\.(?:.+\.)?(?:program|defaultkeycommand)", re.IGNORECASE)


def run_git(
    root: Path, *arguments: str, may_filter: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """The ended process, whatever its exit code. FileNotFoundError where git is not.

    `may_filter`: the repository's own filters run; for what runs its code anyway.
    """
    off = {} if may_filter else _switched_off(own_filters(root))
    options = (*NO_HOOKS, "-c", "core.quotePath=false")
    return _run(root, (*options, *arguments), off)


def ask_git(root: Path, *arguments: str) -> str | None:
    """What git answers; None where it, or a repository, is missing, or it refuses."""
    try:
        done = run_git(root, *arguments)
    except FileNotFoundError:
        return None
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "surrogateescape")


def own_filters(root: Path) -> tuple[str, ...]:
    """Names of the filters that the repository's own configuration defines."""
    found = (FILTER.fullmatch(key) for key in _own_keys(root))
    return tuple(dict.fromkeys(match[1] for match in found if match))


def names_signer(root: Path) -> bool:
    """Whether the repository's own configuration names a program that signs."""
    return any(SIGNER.fullmatch(key) for key in _own_keys(root))


def _own_keys(root: Path) -> list[str]:
    done = _run(root, ("config", "--show-scope", "--name-only", "--null", "--list"), {})
    words = os.fsdecode(done.stdout).split("\0") if done.returncode == 0 else []
    pairs = zip(words[::2], words[1::2], strict=False)
    return [key for scope, key in pairs if scope in OWN_SCOPES]


def _switched_off(filters: Sequence[str]) -> dict[str, str]:
    """The environment in which these filters are none; more than -c takes any name."""
    values = {
        f"filter.{name}.{key}": "false" if key == "required" else ""
        for name in filters
        for key in ("clean", "smudge", "process", "required")
    }
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    found = {"GIT_CONFIG_COUNT": str(first + len(values))} if values else {}
    for number, (key, value) in enumerate(values.items(), first):
        found |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return found


def _run(
    root: Path, arguments: Sequence[str], more: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    kept = {k: v for k, v in os.environ.items() if k not in ELSEWHERE}
    return subprocess.run(
        ["git", *arguments],  # noqa: S607 - PATH's git is the user's own
        cwd=root,
        env={**kept, **CLOSED, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
