"""SARIF, annotations, JUnit and JSON: valid, complete, and safe to read by programs."""

from __future__ import annotations

import dataclasses
import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from pydantic_sarif.model import (
    StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif,
)

from migrator.classify import rules
from migrator.model import (
    Accept,
    ChangeSet,
    DefinitionKind,
    FileChange,
    FileOutcome,
    FileStatus,
    Level,
    Location,
    ManualStep,
    Option,
    Plan,
    PlannedSchedule,
    PlannedTask,
    Refusal,
    Target,
)
from migrator.report.baseline import Baseline, compare, items_on_celery
from migrator.report.github import github_lines
from migrator.report.json_report import (
    changes_document,
    plan_document,
    scan_document,
)
from migrator.report.junit import junit_document
from migrator.report.sarif import sarif_document
from migrator.report.schemas import FILES, KINDS, schema
from migrator.report.schemas.derive import derived
from tests.documents import valid
from tests.unit.report.surveys import (
    HOSTILE,
    call,
    definition,
    entry,
    hostile_survey,
    judged,
    spot,
    survey,
    verdict,
)

# ----------------------------------------------------------------------- SARIF


def sarif(found, comparison=None):
    text = sarif_document(found, comparison)
    Sarif.model_validate_json(text)  # made from the standard's own schema
    return json.loads(text)["runs"][0]


def test_sarif_of_a_hostile_project_is_valid(tmp_path):
    run = sarif(hostile_survey(tmp_path))
    for result in run["results"]:
        assert result["message"]["text"].isprintable()
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"[A-Za-z0-9%._~/-]+", artifact["uri"])


def test_sarif_lists_every_rule_and_points_at_the_right_one(tmp_path):
    run = sarif(survey(tmp_path, judged(), blind_spots=(spot(),)))
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {rule.id for rule in rules()} < set(ids)
    assert len(ids) == len(set(ids))
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
    assert {r["ruleId"] for r in run["results"]} == {
        "celery-task",
        "short-body",
        "blind-spot",
    }


def test_sarif_suppresses_what_a_person_decided(tmp_path):
    task = definition("app.a")
    other = definition("app.b")
    said = verdict(task, overridden_by="comment app/tasks.py:4")
    configured = verdict(other, overridden_by="configuration")
    run = sarif(survey(tmp_path, (task, said), (other, configured), judged("app.c")))
    kinds = {}
    for result in run["results"]:
        name = re.match(r"app\.\w", result["message"]["text"])[0]
        kinds[name] = [s["kind"] for s in result["suppressions"]]
    assert kinds == {"app.a": ["inSource"], "app.b": ["external"], "app.c": []}


def test_sarif_says_which_files_failed(tmp_path):
    failed = FileOutcome("a b.py", FileStatus.FAILED, "null byte")
    invocation = sarif(survey(tmp_path, judged(), files=(failed,)))["invocations"][0]
    assert not invocation["executionSuccessful"]
    notification = invocation["toolExecutionNotifications"][0]
    assert "a b.py: null byte" in notification["message"]["text"]
    place = notification["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "a%20b.py"


def test_sarif_fingerprints_survive_a_moved_line(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    here = sarif(survey(tmp_path / "one", judged(line=5)))["results"][0]
    there = sarif(survey(tmp_path / "two", judged(line=50)))["results"][0]
    assert here["partialFingerprints"] == there["partialFingerprints"]
    assert here["locations"] != there["locations"]


def test_sarif_says_what_is_new(tmp_path):
    found = survey(tmp_path, judged("app.old"), judged("app.new"))
    known = Baseline({("app/tasks.py", "task app.old"): 1})
    run = sarif(found, compare(items_on_celery(found), known))
    states = {r["message"]["text"][:7]: r["baselineState"] for r in run["results"]}
    assert states == {"app.old": "unchanged", "app.new": "new"}


# ----------------------------------------------------------------- annotations

LINE = re.compile(
    r"::(error|warning|notice) (\w+=[^:,\r\n]*)(,\w+=[^:,\r\n]*)*::[^\r\n]*"
)


def test_a_hostile_project_gives_one_annotation_for_each_thing(tmp_path):
    lines = github_lines(hostile_survey(tmp_path))
    assert len(lines) == 1 + 2 * len(HOSTILE)
    for line in lines:
        assert LINE.fullmatch(line), line
        assert line.isprintable()
    # A per cent sign of the project is no escape of ours.
    assert any("%250A::error::taken" in line for line in lines)


def test_annotations_name_the_place_and_the_reasons(tmp_path):
    found = survey(tmp_path, judged("app.a", Level.REVIEW, "one", "two", line=7))
    (line,) = github_lines(found)
    assert line == (
        "::warning file=app/tasks.py,line=7,col=1,title=Celery task%3A review"
        "::app.a stays on Celery%0Aone%0Atwo"
    )


def test_the_first_annotations_are_those_that_need_somebody(tmp_path):
    found = survey(
        tmp_path,
        judged("app.heavy", Level.HEAVY),
        judged("app.light"),
        judged("app.review", Level.REVIEW),
        judged("app.moved", kind=DefinitionKind.LIGHT),
        blind_spots=(spot(),),
        files=(FileOutcome("x.py", FileStatus.FAILED, "null byte"),),
    )
    kinds = [(line.split(" ")[0], line.split("::")[2]) for line in github_lines(found)]
    assert [kind for kind, _ in kinds] == [
        "::error",
        "::warning",
        "::warning",
        "::notice",
        "::notice",
    ]
    assert "app.review" in kinds[2][1]
    assert "app.light" in kinds[3][1]


def test_a_check_annotates_only_what_is_new(tmp_path):
    found = survey(tmp_path, judged("app.old"), judged("app.new", line=9))
    known = Baseline({("app/tasks.py", "task app.old"): 1})
    (line,) = github_lines(found, compare(items_on_celery(found), known))
    assert line == (
        "::error file=app/tasks.py,line=9,col=1,title=New on Celery"
        "::app.new is a Celery task"
    )


# ----------------------------------------------------------------------- JUnit


@dataclasses.dataclass
class Outcome:
    name: str
    facts: str
    problems: tuple = ()


def test_junit_counts_and_names_every_problem():
    checks = [
        Outcome("definitions", "15 definitions"),
        Outcome("schedules", "6 schedules", ("a.py:3: lost", "b.py:4: twice")),
    ]
    suites = ET.fromstring(junit_document(checks).encode())
    suite = suites[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failures = suite.findall("testcase/failure")
    assert [f.text for f in failures] == ["a.py:3: lost\nb.py:4: twice"]
    assert suite.find("testcase[@name='definitions']/failure") is None


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_holds_whatever_a_name_is(text):
    document = junit_document([Outcome(text, text, (text,))])
    case = ET.fromstring(document.encode())[0][0]
    assert case.get("name").isprintable()
    assert len(case) == 1


# ------------------------------------------------------------------------ JSON


RENEW = "run python -m migrator.report.schemas.derive; fields are only ever added"


@pytest.mark.parametrize("kind", [*KINDS, *FILES])
def test_the_shipped_schemas_are_those_of_the_records(kind):
    assert schema(kind) == json.loads(json.dumps(derived(kind))), RENEW


def test_a_scan_document_fits_its_schema(tmp_path):
    found = hostile_survey(tmp_path)
    content = valid(scan_document(found.inventory, found.verdicts), "scan")
    assert len(content["inventory"]["tasks"]) == len(HOSTILE)


def test_a_task_of_the_tests_is_in_no_total(tmp_path):
    """The table leaves it out, so whoever counts verdicts gets the same."""
    own, other = definition("app.own"), definition("app.seen_by_tests", in_tests=True)
    found = survey(tmp_path, (own, verdict(own)), (other, verdict(other)))
    content = valid(scan_document(found.inventory, found.verdicts), "scan")
    assert [one["task"] for one in content["verdicts"]] == ["app.own"]
    assert len(content["inventory"]["tasks"]) == 2


def test_numbers_that_json_lacks_are_text(tmp_path):
    """`rate_limit=1e999` is valid Python; `Infinity` is no JSON."""
    options = (
        Option("a", "1e999", float("inf"), is_literal=True),
        Option("b", "0xfff", 1 << 20_000, is_literal=True),
        Option("c", "(1, {'k': 2.5})", (1, {"k": 2.5}), is_literal=True),
    )
    task = definition(options=options)
    found = survey(tmp_path, (task, verdict(task)), call_sites=(call(task.name),))
    content = valid(scan_document(found.inventory, found.verdicts), "scan")
    values = [o["value"] for o in content["inventory"]["tasks"][0]["options"]]
    assert values == ["inf", hex(1 << 20_000), [1, {"k": 2.5}]]


def test_plan_and_changes_documents_fit_their_schemas():
    task, said = judged("app.a")
    plan = Plan(
        "light",
        "light",
        (PlannedTask(task, said, Target.APSCHEDULER, Accept.YES, {"grace": 3}),),
        (PlannedSchedule(entry("app.a"), Target.CRONJOB, cron=("0 0 * * *",)),),
    )
    valid(plan_document(plan), "plan")
    place = Location("a.py", 1)
    changes = ChangeSet(
        (
            FileChange("a.py", None, "ä".encode()),
            FileChange("b.py", b"\xff", None, ("app.a",)),
        ),
        (ManualStep(None, "do", "why"), ManualStep(place, "do", "why")),
        (Refusal("app.a", place, "why"),),
    )
    content = valid(changes_document(changes), "changes")
    sides = [(c["before"], c["after"]) for c in content["changes"]]
    assert sides == [(None, {"text": "ä"}), ({"base64": "/w=="}, None)]


def test_a_document_that_lacks_a_field_is_refused(tmp_path):
    found = survey(tmp_path, judged())
    content = json.loads(scan_document(found.inventory, found.verdicts))
    del content["verdicts"][0]["level"]
    validator = jsonschema.Draft202012Validator(schema("scan"))
    assert not validator.is_valid(content)
