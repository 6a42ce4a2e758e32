"""The command line in this process, as `migrate` starts it."""

from __future__ import annotations

import pytest

from tests.command_line import run


@pytest.fixture(scope="session")
def migrate():
    return run
