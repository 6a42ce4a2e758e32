"""Asks the shim about live systems, in a process of the project's own environment.

The tool imports neither the shim nor the project. `python -m shim COMMAND --app ...`
does, where the person who runs this has said which application that is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = 2


@dataclass(frozen=True, slots=True)
class ShimProcess:
    """How the project's own processes run, so that the shim finds what they find."""

    folder: Path  # in which they run: files of the outbox are relative to it
    source_root: Path  # from which the application is imported
    shim: str  # import name
    app: str  # package.module:variable


def ask_shim(process: ShimProcess, command: str, *arguments: str) -> dict[str, Any]:
    """The JSON answer of a shim command.

    UsageError carries the shim's own sentence where it refuses.
    """
    name = f"python -m {process.shim} {command}"
    line = [sys.executable, "-m", process.shim, command, "--app", process.app]
    own = str(process.source_root.resolve())
    paths = [own, *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [*line, *arguments],
        cwd=process.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it printed nothing"]
        said = done.stderr.strip() if done.returncode == REFUSED else lines[-1]
        raise UsageError(
            f"`{name}` failed: {said}",
            where=process.app,
            hint="Run this where the application runs: with its packages, its "
            "environment variables, and its broker and database reachable.",
        )
    answer = json.loads(done.stdout)
    if not isinstance(answer, dict):
        raise TypeError(command)
    return answer
