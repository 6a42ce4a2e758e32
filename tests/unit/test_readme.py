"""What the README shows is what comes out."""

from __future__ import annotations

import re
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


def test_every_command_it_names_exists():
    named = set(re.findall(r"migrate (\w+)", "".join(blocks("console"))))
    assert named
    assert named <= set(COMMANDS)


def test_it_is_short():
    assert len(README.splitlines()) <= 120


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target
