"""One thing, two things: what a person reads is English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrator.wording import counted

ROOT = Path(__file__).parents[2]
# A number that is put in at run time, and a noun that is always in the plural.
PLURAL = re.compile(
    r"\{(?:len\([^{}]*\)|[\w.\[\]']*(?:count|total|number)\w*)(?::,)?\} "
    r"(?:tasks|calls|callers|files|entries|schedules|statements|checks|messages)\b"
)


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "task", "0 tasks"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (3, "day", "3 days"),
        (2, "light task", "2 light tasks"),
        (1200, "fire time", "1,200 fire times"),
        (2, "process", "2 processes"),
    ],
)
def test_a_number_and_its_noun_agree(number, noun, said):
    assert counted(number, noun) == said


def test_no_message_has_a_plural_of_its_own():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "migrator").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if PLURAL.search(line)
    ]
    assert not found, "use migrator.wording.counted"
