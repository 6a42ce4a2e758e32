"""The HTML report as a document: whole, closed to the outside, safe."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.classify import rules
from migrator.model import (
    Accept,
    ChangeSet,
    FileChange,
    FileOutcome,
    FileStatus,
    Finding,
    Level,
    Location,
    ManualStep,
    Plan,
    PlannedSchedule,
    PlannedTask,
    Refusal,
    Target,
)
from migrator.report.html import diff_page, scan_page
from tests.unit.report.pages import Page
from tests.unit.report.surveys import (
    HOSTILE,
    call,
    entry,
    hostile_survey,
    judged,
    large_survey,
    spot,
    survey,
)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
OURS = {"script": 1, "style": 1}


def hostile_changes():
    tasks, schedules, changes, steps, refusals = [], [], [], [], []
    for number, text in enumerate(HOSTILE):
        task, said = judged(f"app.{text}", Level.LIGHT, text)
        tasks.append(PlannedTask(task, said, Target.APSCHEDULER, Accept.YES))
        schedules.append(
            PlannedSchedule(entry(text, text), Target.CELERY, refusal=text)
        )
        before = f"a = {number}\n# {text}\n".encode("utf-8", "surrogatepass")
        changes.append(FileChange(text, before, before + b"b = 1\r\n", (text,)))
        place = Location(text, 1)
        steps.append(ManualStep(place, text, text))
        refusals.append(Refusal(text, place, text))
    plan = Plan("light", "light", tuple(tasks), tuple(schedules))
    return plan, ChangeSet(tuple(changes), tuple(steps), tuple(refusals))


@pytest.fixture(params=["scan", "diff"])
def hostile_page(request, tmp_path):
    if request.param == "scan":
        return scan_page(hostile_survey(tmp_path), NOW)
    return diff_page(HOSTILE[0], *hostile_changes(), NOW)


def test_nothing_of_a_hostile_project_becomes_markup(hostile_page):
    page = Page(hostile_page)
    assert not page.wrongly_closed
    assert not page.open
    for tag, count in OURS.items():
        assert len(page.named(tag)) == count
    assert not {"img", "iframe", "object", "link", "base"} & {
        t for t, _ in page.elements
    }
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert "style" not in attributes
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
        assert "autofocus" not in attributes


def test_hostile_texts_can_be_read_as_they_are(hostile_page):
    text = Page(hostile_page).text
    for shown in ("<script>window.taken=1</script>", "\\x1b[2J", "\\u202e", "\\udcff"):
        assert shown in text


def test_no_character_that_changes_the_reading_is_left(hostile_page):
    assert hostile_page.encode()  # no lone surrogate
    left = {c for c in hostile_page if not c.isprintable()}
    assert left == {"\n"}


def test_the_policy_admits_our_script_and_style_and_nothing_else(tmp_path):
    text = scan_page(survey(tmp_path, judged()), NOW)
    policy = Page(text).named("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in OURS:
        content = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_names_no_address_outside(tmp_path):
    text = scan_page(large_survey(tmp_path, 30), NOW)
    assert not re.findall(r"url\(|@import|https?:", text)


def test_ids_are_unique_and_links_lead_somewhere(tmp_path):
    page = Page(scan_page(large_survey(tmp_path, 60), NOW))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    wanted = {href[1:] for href in page.attributes("href")}
    wanted |= {
        v
        for name in ("aria-controls", "aria-labelledby")
        for v in page.attributes(name)
    }
    assert wanted <= set(ids)


def test_two_tasks_of_one_name_have_rows_of_their_own(tmp_path):
    page = Page(scan_page(survey(tmp_path, judged(), judged(line=30)), NOW))
    assert len([i for i in page.attributes("id") if i.endswith("app.tasks.clean")]) == 2


def test_totals_count_what_is_there(tmp_path):
    pairs = [
        judged("app.a"),
        judged("app.b", Level.HEAVY),
        judged("app.c", Level.HEAVY),
        judged("tests.d", in_tests=True),
    ]
    text = Page(
        scan_page(
            survey(
                tmp_path,
                *pairs,
                call_sites=(call("app.a"), call("app.a", in_tests=True)),
                blind_spots=(spot(), spot()),
                schedules=(entry("app.a"),),
                files=(FileOutcome("x.py", FileStatus.FAILED, "null byte"),),
            ),
            NOW,
        )
    ).text
    assert "light 1 33%" in text
    assert "heavy 2 67%" in text
    assert "callers 1 outside tests" in text
    assert "blind spots 2 seen" in text
    assert "nothing is known of it: 1 file x.py null byte" in text


def test_a_row_shows_reasons_code_callers_and_queue(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app/tasks.py").write_text(
        "import os\n\n\n@shared_task\ndef clean(days=30):\n    os.remove('x')\n"
    )
    found = survey(
        tmp_path,
        judged("app.tasks.clean", Level.REVIEW, "`os.remove` uses the disk"),
        call_sites=(call("app.tasks.clean", source="clean.delay(3)"),),
    )
    text = Page(scan_page(found, NOW)).text
    assert "os.remove uses the disk" in text
    assert "5| def clean(days=30): (named by a reason) 6|" in text
    assert "app/views.py:8 clean.delay(3)" in text
    assert "Queue celery" in text


def test_a_task_without_a_caller_is_not_called_dead(tmp_path):
    found = survey(
        tmp_path,
        judged("app.by_beat"),
        judged("app.alone"),
        schedules=(entry("app.by_beat"),),
    )
    text = Page(scan_page(found, NOW)).text
    assert text.count("None: beat starts it.") == 1
    assert text.count("None was seen in the source; it may be sent by name.") == 1


def test_advice_stands_with_what_counts_against_a_task(tmp_path):
    task, said = judged("app.a", Level.HEAVY)
    against = Finding("late-ack", "acks_late=True", task.location, is_veto=True)
    said = replace(said, findings=(against, *said.findings))
    text = Page(scan_page(survey(tmp_path, (task, said)), NOW)).text
    advice = next(rule.guidance for rule in rules() if rule.id == "late-ack")
    assert f"late-ack, veto. {advice}" in text
    assert "short-body, -2 " in text


def test_a_project_without_a_task_has_a_page_too(tmp_path):
    text = Page(scan_page(survey(tmp_path), NOW)).text
    assert "No Celery task found." in text
    assert "No schedule found." in text


def test_the_page_of_the_changes_says_what_was_decided(tmp_path):
    task, said = judged("app.a")
    other, heavy = judged("app.b", Level.HEAVY)
    plan = Plan(
        "light_tasks",
        "light_tasks",
        (
            PlannedTask(task, said, Target.APSCHEDULER, Accept.YES),
            PlannedTask(other, heavy, Target.CELERY, Accept.NO, is_stale=True),
        ),
        (PlannedSchedule(entry("app.a"), Target.APSCHEDULER, "T()", compared=4000),),
    )
    changes = ChangeSet(
        (FileChange("app/tasks.py", b"a = 1\n", b"a = 2\n", ("app.a",)),)
    )
    page = Page(diff_page("shop", plan, changes, NOW))
    assert "tasks to move 1 of 2" in page.text
    assert "stale" in page.text
    assert "identical over 4,000 fire times" in page.text
    assert "#file-1" in page.attributes("href")
