"""The hook for pre-commit: its entry, run as pre-commit runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
NEW = "\n\n@shared_task\ndef brand_new():\n    return None\n"


@pytest.fixture
def project(tmp_path):
    copy = tmp_path / "shop"
    shutil.copytree(ROOT / "fixtures" / "projects" / "tidy_shop", copy)
    return copy


def run(project, *arguments):
    """The console script of this environment, from the repository's root."""
    name, *given = HOOK["entry"].split()
    script = Path(sys.executable).with_name(name)
    return subprocess.run(
        [script, *given, *HOOK.get("args", ()), *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hook_fails_on_what_a_commit_adds_and_on_nothing_else(project):
    assert run(project).returncode == 1  # no baseline: everything is new
    assert run(project, "--write-baseline", "celery.json").returncode == 0
    before = run(project, "--baseline", "celery.json")
    assert before.returncode == 0, before.stdout + before.stderr
    tasks = project / "shop" / "brand_new_tasks.py"
    tasks.write_text("from celery import shared_task" + NEW)
    added = run(project, "--baseline", "celery.json")
    assert added.returncode == 1
    assert "brand_new_tasks.py:4" in added.stdout
    assert "brand_new_tasks.brand_new" in added.stdout


def test_the_hook_takes_no_file_names_and_installs_the_tool_with_its_extra():
    assert HOOK["pass_filenames"] is False
    assert HOOK["additional_dependencies"] == [".[migrate]"]
