"""`make demo` goes through: the whole journey on a copy of the seed project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.redis
def test_the_demo_goes_through():
    done = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert "NOT SO" not in done.stdout
    assert "every file is what it was, byte for byte" in done.stdout
