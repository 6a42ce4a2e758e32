"""What the README shows is what comes out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from migrator.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_diff_is_part_of_the_golden_patch():
    golden = (ROOT / "fixtures/golden/goblin.patch").read_text(encoding="utf-8")
    (shown,) = blocks("diff")
    assert shown in golden


def test_what_plan_says_is_what_comes_out(tmp_path):
    """On the project of the demo."""
    project = tmp_path / "goblin"
    shutil.copytree(ROOT / "fixtures/projects/goblin_assistant", project)
    command = [sys.executable, "-m", "migrator", "plan"]
    done = subprocess.run(
        command, cwd=project, capture_output=True, text=True, check=True
    )
    shown = "".join(blocks("text")).splitlines()
    assert shown == done.stdout.splitlines()[: len(shown)]
    assert f"({len(stanzas(project))} tasks)" in README


def stanzas(project):
    return tomllib.loads((project / "migrate.toml").read_text())["tasks"]


def test_every_command_it_names_exists():
    named = set(re.findall(r"migrate (\w+)", "".join(blocks("console"))))
    assert named
    assert named <= set(COMMANDS)


def test_it_is_short():
    assert len(README.splitlines()) <= 120


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target
