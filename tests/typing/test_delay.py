"""`.delay()` of a light task keeps its parameters, as type checkers see it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = str(ROOT / "tests" / "typing" / "light_tasks.py")


def test_mypy_knows_the_parameters():
    checker = pytest.importorskip("mypy.api", reason="a tool of the lint group")
    said, errors, status = checker.run(
        ["--strict", "--config-file", str(ROOT / "pyproject.toml"), FILE]
    )
    assert (status, errors) == (0, ""), said


def test_pyright_knows_the_parameters():
    """Its comment in the file asks for an error at every `type: ignore`."""
    pytest.importorskip("pyright", reason="a tool that needs Node")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, FILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
