"""User code keeps its types through the shim, under both common type checkers.

Both complain of a `type: ignore` that hides nothing, so what must be refused is.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_under_mypy():
    checker = pytest.importorskip("mypy.api", reason="a tool of the lint group")
    config = str(ROOT / "pyproject.toml")
    said, errors, status = checker.run(
        ["--strict", "--config-file", config, str(HERE / "light_tasks.py")]
    )
    assert (status, errors) == (0, ""), said


def test_under_pyright():
    """Through basedpyright, whose wheel holds all of pyright and needs no download."""
    pytest.importorskip("basedpyright", reason="a tool of the lint group")
    command = ["basedpyright", "-p", HERE, "--pythonpath", sys.executable]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
