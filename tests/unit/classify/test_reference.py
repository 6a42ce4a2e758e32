"""Every rule is explained, and the reference page says what the rules say.

The page is renewed by `pytest --update-golden`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.classify import Kind, rules
from migrator.classify.reference import page
from migrator.classify.weights import WEIGHTS

ROOT = Path(__file__).parents[3]
RULES = {rule.id: rule for rule in rules()}
PAGE = ROOT / "docs" / "reference" / "rules.md"


def test_the_page_is_current(request):
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rule_is_explained(rule):
    found = RULES[rule]
    assert found.summary.endswith(".")
    assert len(found.explanation) >= 40
    assert found.explanation.splitlines()[0].rstrip()
    assert found.example
    if found.kind is not Kind.SIGNAL:
        assert found.guidance
    assert f"\n### {rule}\n" in page()


def test_the_rule_is_named_after_its_file():
    folder = ROOT / "migrator" / "classify" / "criteria"
    files = {path.stem.replace("_", "-") for path in folder.glob("[a-z]*.py")}
    assert files == set(RULES)


def test_exactly_the_signals_have_a_weight():
    signals = {rule.id for rule in RULES.values() if rule.kind is Kind.SIGNAL}
    assert set(WEIGHTS) == signals
