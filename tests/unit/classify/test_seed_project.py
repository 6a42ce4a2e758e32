"""The seed project's verdicts, through the real scanner."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.classify import classify
from migrator.model import Level, Target
from migrator.project import open_project
from migrator.scan import scan_project

SEED = Path(__file__).parents[3] / "fixtures" / "projects" / "goblin_assistant"
LIGHT = {
    "probe_all_providers": Target.APSCHEDULER,
    "system_health_check": Target.APSCHEDULER,
    "cleanup_expired_data": Target.APSCHEDULER,
    "probe_provider": Target.BACKGROUND,
}
HEAVY = {
    "run_inference": "soft-limit-handled",
    "transcribe_audio": "process-use",
    "run_assistant_workflow": "canvas-use",
    "collect_context": "canvas-use",
    "store_answer": "canvas-use",
    "export_conversations": "heavy-library",
    "sync_provider_catalog": "retry-horizon",
}


@pytest.fixture(scope="module")
def verdicts():
    inventory = scan_project(open_project(SEED))
    pairs = zip(inventory.tasks, classify(inventory), strict=True)
    return {definition.function: verdict for definition, verdict in pairs}


@pytest.mark.parametrize("name", LIGHT)
def test_the_light_ones_are_light(verdicts, name):
    assert verdicts[name].level is Level.LIGHT
    assert verdicts[name].target is LIGHT[name]


@pytest.mark.parametrize("name", HEAVY)
def test_the_heavy_ones_are_heavy_for_the_right_reason(verdicts, name):
    assert verdicts[name].level is Level.HEAVY
    assert HEAVY[name] in {finding.rule for finding in verdicts[name].vetoes}


def test_a_handler_that_is_chosen_at_run_time_is_for_review(verdicts):
    verdict = verdicts["refresh_provider_metadata"]
    assert verdict.level is Level.REVIEW
    assert verdict.findings[0].rule == "unresolved-call"


def test_every_finding_has_a_place_that_exists(verdicts):
    for verdict in verdicts.values():
        for finding in verdict.findings:
            lines = (SEED / finding.location.path).read_text().splitlines()
            assert 1 <= finding.location.line <= len(lines)
