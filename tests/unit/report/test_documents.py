"""Every JSON document and every kept file fits the schema that is shipped for it.

Those of live systems (`drain`, `live`, `route`) are checked in
tests/acceptance/test_live.py against a broker, a worker and an outbox.
"""

from __future__ import annotations

import ast
from dataclasses import fields
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import get_type_hints

import pytest
from click.testing import CliRunner

from migrator.cli import migrate
from migrator.cli.operate import _show
from migrator.model import Evidence, Location, Plan, PlannedSchedule, Target
from migrator.operate.evidence import evidence_document
from migrator.operate.schedules import schedules_text
from migrator.pipeline import make_plan, survey
from migrator.report.baseline import baseline_document, items_on_celery
from migrator.report.schemas import KINDS, answers
from migrator.report.status_report import print_status
from migrator.report.verify_report import print_checks, print_proofs
from migrator.schedules import StoredEntry, prove
from migrator.status import burn_down
from migrator.verify import Check, Problem
from shim.commands import _places, _summary
from shim.inflight import InFlight
from shim.tally import Counts, Tally
from tests.documents import valid

ROOT = Path(__file__).parents[3]
PROJECT = ROOT / "fixtures" / "projects" / "tidy_shop"


def printed_kinds():
    """The first argument of each `document(...)` in the tool's source."""
    for path in sorted((ROOT / "migrator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id == "document" and node.args:
                yield ast.literal_eval(node.args[0])


def test_there_is_a_schema_for_each_document_and_a_document_for_each_schema():
    assert sorted(printed_kinds()) == sorted(KINDS)


@pytest.fixture(scope="module")
def found():
    return survey(PROJECT)


def test_checks_with_and_without_a_place(capsys):
    problems = (Problem("lost"), Problem("twice", Location("app/x.py", 3)))
    print_checks([Check("a", "1 task"), Check("b", "2 tasks", problems)], "json")
    content = valid(capsys.readouterr().out, "verify")
    assert [check["passed"] for check in content["checks"]] == [True, False]
    assert content["checks"][1]["problems"][1]["location"]["line"] == 3


def test_proofs_of_a_schedule_that_moves_and_of_one_that_stays(found, capsys):
    entry = next(one for one in found.inventory.schedules if one.spec is not None)
    moves = PlannedSchedule(entry, Target.APSCHEDULER, trigger="CronTrigger()")
    stays = PlannedSchedule(entry, Target.CELERY, refusal="solar")
    print_proofs([(moves, prove(entry.spec, years=0.1)), (stays, None)], "json")
    first, second = valid(capsys.readouterr().out, "proofs")["schedules"]
    assert first["identical"]
    assert first["from"] < first["to"]
    assert second["refusal"] == "solar"


def test_the_status(found, capsys):
    print_status(burn_down(found.inventory, make_plan(found, None)), "json")
    tasks = valid(capsys.readouterr().out, "status")["tasks"]
    assert {task["name"] for task in tasks} == {t.name for t in found.inventory.tasks}


def test_the_rules():
    answer = CliRunner().invoke(migrate, ["explain", "--format", "json"])
    assert len(valid(answer.output, "rules")["rules"]) > 40
    answer = CliRunner().invoke(migrate, ["explain", "late-ack", "--format", "json"])
    (rule,) = valid(answer.output, "rules")["rules"]
    assert (rule["id"], rule["kind"]) == ("late-ack", "veto")


def test_the_baseline_file(found):
    content = valid(baseline_document(items_on_celery(found)), "baseline")
    assert content["files"]


def test_the_evidence_file():
    """A time beyond the last bucket is text; the form names every figure."""
    measured = Evidence("a", 40, p50=0.5, p95=inf, sources=("log",))
    content = valid(evidence_document([measured]), "evidence")
    assert content["evidence"][0]["p95"] == "inf"
    known = {field.name for field in fields(Evidence)}
    assert set(get_type_hints(answers.EvidenceForm)) == known


def test_the_file_of_stored_schedules():
    last = datetime(2026, 3, 1, tzinfo=UTC)
    full = StoredEntry("b", "t", last, {"kind": "interval"}, "", (1, "x"), {"k": []})
    text = schedules_text([StoredEntry("a", "t", None, unreadable="why"), full])
    content = valid(text, "stored-schedules")
    assert [entry["name"] for entry in content["entries"]] == ["a", "b"]
    known = {field.name for field in fields(StoredEntry)}
    assert set(get_type_hints(answers.StoredEntryForm)) == known


def test_the_schedules_that_were_exported(capsys):
    last = datetime(2026, 3, 1, tzinfo=UTC)
    _show([StoredEntry("a", "t", last, origin="redbeat")], "json")
    (entry,) = valid(capsys.readouterr().out, "schedules")["entries"]
    assert entry["last_run_at"] == "2026-03-01T00:00:00+00:00"


def test_the_forms_of_live_answers_are_those_of_the_shim():
    """The tool may not import the shim; a test may hold the two together."""
    live = {field.name for field in fields(Counts)} | set(_summary(Tally())) | {"route"}
    assert set(get_type_hints(answers.LiveForm)) == live
    places = ("queued", "unacknowledged", "active", "reserved", "scheduled")
    drain = set(_places(InFlight(), places, "a"))
    assert set(get_type_hints(answers.DrainForm)) == drain


def test_an_empty_plan_is_a_plan(found, capsys):
    print_status(burn_down(found.inventory, Plan("p", "p")), "json")
    assert valid(capsys.readouterr().out, "status")["tasks"] == []
