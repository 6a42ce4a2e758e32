"""An entry that exists only on a condition is a job that is enabled on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from migrator.cli import migrate
from migrator.render.conditions import Conditions

APP = """\
import os
from os import environ as config

from celery import Celery

from mill.switches import is_on

app = Celery("mill")
LIMIT = int(os.environ.get("LIMIT", "0"))
app.conf.beat_schedule = {
    **({"spread": {"task": "mill.app.grind", "schedule": 60.0}} if LIMIT > 2 else {}),
}
if is_on("WHEEL") or "NEVER" in config:
    # only with a wheel
    app.conf.beat_schedule["wheel"] = {"task": "mill.app.grind", "schedule": 90.0}
if app.conf.timezone:
    app.conf.beat_schedule["zone"] = {"task": "mill.app.grind", "schedule": 91.0}


@app.on_after_configure.connect
def setup(sender, **kwargs):
    if not os.environ.get("PERIODIC"):
        return
    sender.add_periodic_task(120.0, grind.s(), name="periodic")
    if kwargs:
        sender.add_periodic_task(121.0, grind.s(), name="local")


@app.task(ignore_result=True)
def grind() -> None:
    print("ground")
"""
SWITCHES = """\
import os


def is_on(name: str) -> bool:
    return os.environ.get(name) == "on"
"""
SHOW = """\
import json
from light_tasks.entries import ENTRIES
print(json.dumps({entry.id: entry.is_enabled for entry in ENTRIES}))
"""


@pytest.fixture
def project(tmp_path, proofs_kept):
    (tmp_path / "mill").mkdir()
    (tmp_path / "mill" / "__init__.py").touch()
    (tmp_path / "mill" / "app.py").write_text(APP)
    (tmp_path / "mill" / "switches.py").write_text(SWITCHES)
    return tmp_path


def run(command, *arguments, root):
    done = CliRunner().invoke(migrate, [command, str(root), *arguments])
    assert done.exit_code in {0, 1}, done.output + repr(done.exception)
    return done.stdout


def enabled(root, **variables):
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_condition_is_asked_where_the_scheduler_starts(project):
    run("plan", root=project)
    run("apply", root=project)
    source = (project / "mill" / "app.py").read_text()
    assert "    # only with a wheel\n    pass\n" in source
    assert enabled(project) == {"spread": False, "wheel": False, "periodic": False}
    on = {"WHEEL": "on", "LIMIT": "3", "PERIODIC": "1"}
    assert enabled(project, **on) == dict.fromkeys(
        ("spread", "wheel", "periodic"), True
    )
    # What is known only at its own place stays there.
    assert 'beat_schedule["zone"]' in source
    assert 'name="local"' in source


def test_the_condition_is_kept_when_beat_does_not_hold_it_any_more(project):
    run("plan", root=project)
    run("apply", root=project)
    before = (project / "light_tasks" / "entries.py").read_text()
    assert 'is_enabled=bool(is_on("WHEEL") or "NEVER" in config_2)' in before
    (project / "light_tasks" / "entries.py").unlink()
    run("diff", root=project)
    run("apply", "--allow-dirty", root=project)
    assert (project / "light_tasks" / "entries.py").read_text() == before


def test_the_generated_conditions_are_typed_and_tidy(project):
    run("plan", root=project)
    run("apply", root=project)
    file = project / "light_tasks" / "entries.py"
    rules = ["--isolated", "--select", "E,F,I", "--line-length", "88"]
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", *rules, file], cwd=project, check=True)
    subprocess.run([*ruff, "format", "--isolated", "--check", file], check=True)


def test_names_that_mean_two_things_get_two_names():
    conditions = Conditions()
    first = conditions.expression("flag", ["from a import flag"])
    again = conditions.expression("flag", ["from a import flag"])
    other = conditions.expression(
        "flag and os.sep", ["from b import flag", "import os"]
    )
    assert (first, again, other) == (
        "bool(flag)",
        "bool(flag)",
        "bool(flag_2 and os.sep)",
    )
    assert conditions.imports(["from c import d"], {"b"}) == [
        "import os",
        "",
        "from a import flag",
        "from c import d",
        "",
        "from b import flag as flag_2",
    ]
