"""The generated package passes a strict type checker as it stands."""

from __future__ import annotations

import subprocess
import sys

from tests.acceptance.scheduler_project import entry, every, project

NEW_YORK = {"kind": "crontab", "minute": "*/15", "timezone": "America/New_York"}


def test_mypy_strict_is_content(tmp_path):
    with project(tmp_path, [every(5, "a"), entry("b", NEW_YORK)]):
        command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports"]
        command += ["--follow-imports=silent", "--cache-dir", str(tmp_path / "cache")]
        command.append("light_tasks")
        done = subprocess.run(
            command, check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
