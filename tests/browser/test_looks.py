"""Both pages in light and dark, wide and narrow: legible, named, within the window."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from migrator.model import (
    Accept,
    ChangeSet,
    FileChange,
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
from tests.browser.conftest import NOW
from tests.unit.report.surveys import HOSTILE, entry, judged, large_survey

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
UNNAMED = {
    "link",
    "button",
    "checkbox",
    "searchbox",
    "combobox",
    "image",
    "table",
    "region",
}


def changes():
    tasks, files = [], []
    for number, text in enumerate(HOSTILE):
        task, said = judged(f"app.{text}", Level.LIGHT, text)
        accept = list(Accept)[number % 3]
        tasks.append(PlannedTask(task, said, Target.RUNNER, accept))
        before = f"import a\n\nx = task({number})\n# {text}\n".encode(
            "utf-8", "replace"
        )
        after = before.replace(b"task", b"light_task") + b"y = 1\n"
        files.append(FileChange(f"app/{number}.py", before, after, (task.name,)))
    files.append(FileChange("light/new.py", None, b"z = 1\n" * 200))
    place = Location("app/0.py", 3)
    steps = (ManualStep(place, "look at `x`", "it is computed"),)
    refusals = (Refusal("app.no", place, "it cannot be rewritten"),)
    schedules = (
        PlannedSchedule(entry("a", "one"), Target.APSCHEDULER, "T()", compared=40),
        PlannedSchedule(entry("b", "two"), Target.CELERY, refusal="not equal"),
    )
    plan = Plan("light", "light", tuple(tasks), schedules)
    return plan, ChangeSet(tuple(files), steps, refusals)


@pytest.fixture(params=["scan", "diff"])
def opened(request, shown, tmp_path):
    if request.param == "diff":
        page = shown(diff_page("shop", *changes(), NOW))
    else:
        root = tmp_path / "large"
        root.mkdir()
        page = shown(scan_page(large_survey(root, 30), NOW))
    page.run("document.querySelectorAll('.open').forEach(one => one.click())")
    page.run(
        "document.querySelectorAll('details').forEach(one => { one.open = true; })"
    )
    page.settle()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(opened, scheme):
    opened.prefer(scheme)
    opened.settle()
    assert opened.run(CONTRAST) == []


def test_dark_is_dark(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    opened.prefer("light")
    assert opened.run(ground) == "rgb(255, 255, 255)"
    opened.prefer("dark")
    red, green, blue = json.loads(
        opened.run(ground).replace("rgb(", "[").replace(")", "]")
    )
    assert max(red, green, blue) < 40


@pytest.mark.parametrize("width", [1600, 1024, 640, 360])
def test_the_page_is_never_wider_than_the_window(opened, width):
    opened.resize(width, 800)
    opened.settle()
    assert opened.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 360])
def test_a_screen_reader_is_told_what_everything_is(opened, width):
    opened.resize(width, 800)
    opened.settle()
    nodes = opened.accessibility()
    roles = [node["role"]["value"] for node in nodes]
    for role in (
        "banner",
        "navigation",
        "main",
        "contentinfo",
        "table",
        "columnheader",
    ):
        assert role in roles, role
    unnamed = [
        node
        for node in nodes
        if node["role"]["value"] in UNNAMED and not node.get("name", {}).get("value")
    ]
    assert not unnamed


def test_headings_go_down_one_by_one(opened):
    headings = "document.querySelectorAll('h1,h2,h3,h4')"
    levels = opened.run(f"Array.from({headings}, one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_a_link_to_a_folded_file_opens_it(shown):
    page = shown(diff_page("shop", *changes(), NOW))
    last = f"file-{len(HOSTILE) + 1}"
    state = f"document.getElementById('{last}').open"
    assert page.run(state) is False
    page.run(f"location.hash = '{last}'")
    page.settle()
    assert page.run(state) is True


def test_a_narrow_diff_has_each_line_once(shown):
    page = shown(diff_page("shop", *changes(), NOW))
    page.resize(400, 800)
    page.settle()
    lines = page.run(
        "Array.from(document.querySelectorAll('#file-1 td:not(.n)'))"
        ".filter(cell => cell.offsetParent).map(cell => cell.innerText)"
    )
    assert [" ".join(line.split()) for line in lines][:4] == [
        "import a",
        "",
        "\u2212 removed: x = task(0)",
        "+ added: x = light_task(0)",
    ]
