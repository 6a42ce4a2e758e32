"""Commands that look at live systems, where the application is in a subfolder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

APP = """\
from celery import Celery
from shim import light_task

app = Celery("shop", broker="memory://")


@light_task(app=app, name="shop.tidy")
def tidy():
    pass
"""
CALL = (sys.executable, "-c", "from shop.app import tidy; tidy.delay()")
LIVE = (sys.executable, "-m", "migrator", "status", "--live", "--format", "json")
UNSET = ("DATABASE_URL", "SHIM_OUTBOX")


@pytest.fixture
def root(tmp_path):
    package = tmp_path / "backend" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "app.py").write_text(APP, encoding="utf-8")
    return tmp_path


def run(line, folder, **variables):
    environment = {k: v for k, v in os.environ.items() if k not in UNSET} | variables
    return subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def waiting(root):
    done = run(LIVE, root)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["tasks"]["shop.tidy"]["waiting"]


def test_the_outbox_is_the_one_of_the_processes_wherever_they_were_started(root):
    """In the source root or in the project's; where both have one, nobody guesses."""
    assert run(CALL, root / "backend").returncode == 0
    assert waiting(root) == 1
    (root / "backend" / ".light_tasks").rename(root / ".light_tasks")
    assert waiting(root) == 1
    shutil.copytree(root / ".light_tasks", root / "backend" / ".light_tasks")
    done = run(LIVE, root)
    assert done.returncode == 2
    assert "two outboxes" in done.stderr
    file = root / ".light_tasks" / "outbox.sqlite3"
    assert run(LIVE, root, SHIM_OUTBOX=f"sqlite:///{file}").returncode == 0
