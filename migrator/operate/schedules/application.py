"""The final beat schedule of an application, which a process of its own imports.

This executes code of the project, so it happens only where a person has named the
application. The tool's own process imports nothing of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError
from migrator.project import open_project
from migrator.schedules import StoredEntry
from migrator.schedules.stored import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).with_name("import_application.py")
LONGEST = 300.0  # seconds that an import may take


def read_application(root: Path, app: str) -> tuple[StoredEntry, ...]:
    """The entries that beat would start with; `app` is `package.module:name`.

    It is imported from its source root, as the project's own processes do.

    UsageError where the import fails, with the last line of its traceback.
    """
    source_root = open_project(root).source_root_of(app.partition(":")[0])
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "entries.json"
        _run([sys.executable, str(SCRIPT), app, str(answer)], root / source_root, app)
        entries = json.loads(answer.read_text(encoding="utf-8"))
    return tuple(_entries(entries))


def _run(line: list[str], folder: Path, app: str) -> None:
    paths = [str(folder.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        done = subprocess.run(
            line,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(app, f"it took more than {LONGEST:.0f} seconds") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise _failed(app, lines[-1] if lines else "it ended without a word")


def _failed(app: str, why: str) -> UsageError:
    return UsageError(
        f"the application cannot be imported: {why}",
        where=app,
        hint="Run this where the application runs: with its packages and its "
        "environment variables.",
    )


def _entries(found: list[dict[str, Any]]) -> Iterator[StoredEntry]:
    for entry in found:
        yield StoredEntry(
            name=entry["name"],
            task=entry["task"],
            last_run_at=None,
            spec=entry["spec"],
            unreadable=entry["unreadable"],
            args=tuple(entry["args"]),
            kwargs=entry["kwargs"],
            options=entry["options"],
            origin=APPLICATION,
        )
