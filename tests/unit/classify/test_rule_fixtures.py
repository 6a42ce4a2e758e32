"""Each rule on real files, scanned by the real scanner: what it hits, and what not.

`fixtures/classify/<rule>/positive` and `/negative` are small projects. `# expect:`
names what the rule says at that line; files that take no such comment are listed in
expected.txt. In both folders exactly what is expected has to be said.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrator.classify import Kind, classify, rules
from migrator.operate.evidence import import_evidence
from migrator.project import open_project
from migrator.scan import scan_project

FIXTURES = Path(__file__).parents[3] / "fixtures" / "classify"
EXPECT = re.compile(r"# expect: ([\w, ]+)$")
RULES = {rule.id: rule for rule in rules()}


def kind_of(finding):
    if finding.is_veto:
        return "veto"
    if finding.is_unknown:
        return "unknown"
    return "signal" if finding.weight else "note"


def said(folder, rule):
    measured = sorted(folder.glob("evidence.*"))
    evidence = import_evidence(measured).evidence
    verdicts = classify(scan_project(open_project(folder)), evidence=evidence)
    return sorted(
        f"{finding.location} {kind_of(finding)}"
        for verdict in verdicts
        for finding in verdict.findings
        if finding.rule == rule
    )


def expected(folder):
    lines = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := EXPECT.search(line):
                kinds = match[1].split(", ")
                lines += [f"{name}:{number} {kind}" for kind in kinds]
    listed = folder / "expected.txt"
    return sorted(
        lines + (listed.read_text().split("\n")[:-1] if listed.exists() else [])
    )


def test_there_is_a_fixture_for_each_rule_and_a_rule_for_each_fixture():
    assert {path.name for path in FIXTURES.iterdir()} == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rule_says_what_is_expected_and_no_more(rule):
    wanted = expected(FIXTURES / rule / "positive")
    assert wanted
    assert said(FIXTURES / rule / "positive", rule) == wanted


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_rule_is_silent_on_its_near_misses(rule):
    folder = FIXTURES / rule / "negative"
    assert any(folder.rglob("*.py"))
    assert said(folder, rule) == expected(folder)
    assert not any(line.endswith(("veto", "signal")) for line in expected(folder))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_veto_rule_is_shown_to_veto(rule):
    kinds = {line.rpartition(" ")[2] for line in expected(FIXTURES / rule / "positive")}
    if RULES[rule].kind is Kind.SIGNAL:
        assert "veto" not in kinds
    else:
        assert RULES[rule].kind.value in kinds
