"""The package as a guest: what it loads, what it names, and under any name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import shim

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "shim"


def python(code, path=ROOT):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(path), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_declaring_calling_and_running_need_neither_redis_nor_sqlalchemy(tmp_path):
    loaded = python(f"""
import json, sys
from celery import Celery
import shim
app = Celery("light", broker="memory://", backend="cache+memory://")
shim.configure(outbox="sqlite:///{tmp_path}/o.sqlite3")
@shim.light_task(name="add", app=app)
def add(a):
    return a
with shim.runner():
    assert add.delay(1).get(timeout=10) == 1
print(json.dumps(sorted({{"redis", "sqlalchemy", "apscheduler", "fastapi"}}
    & set(sys.modules))))
""")
    assert loaded == []


def test_every_public_name_loads():
    for name in shim.__all__:
        assert getattr(shim, name) is not None
    assert dir(shim) == sorted(shim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        shim.nonsense  # noqa: B018 - the access is the test


def test_it_works_vendored_under_another_name(tmp_path):
    target = tmp_path / "myapp" / "_light"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "myapp" / "__init__.py").touch()
    found = python(
        """
import json, sys
from celery import Celery
from myapp._light import configure, light_task, runner
app = Celery("vendored", broker="memory://", backend="cache+memory://")
configure(outbox="memory")
@light_task(name="add", app=app)
def add(a, b):
    return a + b
with runner():
    total = add.delay(1, 2).get(timeout=10)
print(json.dumps([total, "shim" in sys.modules]))
""",
        path=tmp_path,
    )
    assert found == [3, False]
    done = subprocess.run(
        [sys.executable, "-m", "myapp._light", "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "python -m myapp._light" in done.stdout
