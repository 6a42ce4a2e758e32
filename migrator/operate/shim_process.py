"""Asks the shim about live systems, in a process of the project's own environment.

The tool imports neither the shim nor the project. `python -m shim COMMAND --app ...`
does, where the person who runs this has said which application that is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = 2


def ask_shim(
    root: Path, shim: str, app: str, command: str, *arguments: str
) -> dict[str, Any]:
    """The JSON answer of a shim command for the application `package.module:name`.

    UsageError carries the shim's own sentence where it refuses.
    """
    line = [sys.executable, "-m", shim, command, "--app", app, *arguments]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        line,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it printed nothing"]
        said = done.stderr.strip() if done.returncode == REFUSED else lines[-1]
        raise UsageError(
            f"`python -m {shim} {command}` failed: {said}",
            where=app,
            hint="Run this where the application runs: with its packages, its "
            "environment variables, and its broker and database reachable.",
        )
    answer = json.loads(done.stdout)
    if not isinstance(answer, dict):
        raise TypeError(command)
    return answer
