"""The report of a scan in a real browser: filter, sort, keyboard, no script, speed."""

from __future__ import annotations

import pytest

from migrator.model import Level
from migrator.report.html import scan_page
from tests.browser.conftest import NOW
from tests.servers import wait_until
from tests.unit.report.surveys import (
    call,
    entry,
    hostile_survey,
    judged,
    large_survey,
    spot,
    survey,
)

VISIBLE = (
    "Array.from(document.querySelectorAll('#task-table tbody'))"
    ".filter(one => one.offsetParent !== null)"
    ".map(one => one.querySelector('.open').textContent)"
)
FOCUSED = "document.activeElement.textContent"
STATUS = "document.querySelector('[role=status]').textContent"


@pytest.fixture
def small(shown, tmp_path):
    root = tmp_path / "shop"
    (root / "app").mkdir(parents=True)
    source = "@shared_task\ndef work(pk):\n    return pk\n\n\n" * 4
    (root / "app/tasks.py").write_text(source)
    found = survey(
        root,
        judged("app.tasks.clean", line=2),
        judged("app.tasks.bill", Level.HEAVY, "member of a chain", line=7),
        judged("app.tasks.mail", Level.REVIEW, "`smtp.send` is noticed", line=12),
        judged("app.tasks.sync", Level.HEAVY, "rate_limit='1/m'", line=17),
        call_sites=(
            call("app.tasks.mail"),
            call("app.tasks.mail", path="app/signals.py"),
            call("app.tasks.bill", path="app/shop.py"),
        ),
        schedules=(entry("app.tasks.clean"), entry("app.tasks.sync", "often")),
        blind_spots=(spot(),),
    )
    return shown(scan_page(found, NOW))


@pytest.fixture
def large(shown, tmp_path):
    root = tmp_path / "large"
    root.mkdir()
    return shown(scan_page(large_survey(root, 1000), NOW))


def test_typing_filters_and_says_how_many_are_left(small):
    assert small.run(STATUS) == "4 tasks"
    small.run("document.getElementById('filter').focus()")
    small.type("MAIL")
    assert small.run(VISIBLE) == ["app.tasks.mail"]
    assert small.run(STATUS) == "1 of 4 tasks"
    small.type(" nothing")
    assert small.run(VISIBLE) == []
    assert small.run("document.getElementById('no-tasks').offsetParent !== null")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("chain", ["app.tasks.bill"]),  # a reason
        ("signals.py", ["app.tasks.mail"]),  # a caller
        ("tasks.py:17", ["app.tasks.sync"]),  # a place
        ("heavy rate", ["app.tasks.sync"]),  # every word, in any order
    ],
)
def test_the_filter_looks_at_reasons_places_and_callers(small, typed, found):
    small.run("document.getElementById('filter').focus()")
    small.type(typed)
    assert small.run(VISIBLE) == found


def test_verdicts_and_targets_filter_too(small):
    small.click("[name=level][value=heavy]")
    assert small.run(VISIBLE) == ["app.tasks.clean", "app.tasks.mail"]
    small.run("document.getElementById('target').focus()")
    small.type("a")  # the select goes to the option that starts so
    small.run(
        "(() => { const one = document.getElementById('target'); "
        "one.value = 'apscheduler'; "
        "one.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    small.settle()
    assert small.run(VISIBLE) == ["app.tasks.clean"]
    assert small.run(STATUS) == "1 of 4 tasks"


def test_sorting_says_so_and_keeps_details_with_their_task(small):
    small.click("[data-key=name]")
    assert small.run(VISIBLE) == [
        f"app.tasks.{n}" for n in ("bill", "clean", "mail", "sync")
    ]
    state = "document.querySelector('.col-name').ariaSort"
    assert small.run(state) == "ascending"
    small.click("[data-key=name]")
    assert small.run(state) == "descending"
    assert small.run(VISIBLE)[0] == "app.tasks.sync"
    small.click("[data-key=callers]")
    assert small.run(VISIBLE)[0] == "app.tasks.mail"
    assert small.run(state) == "none"
    together = (
        "Array.from(document.querySelectorAll('#task-table tbody')).every(one => "
        "one.rows.length === 2 && one.querySelector('.open')"
        ".getAttribute('aria-controls') === one.rows[1].id)"
    )
    assert small.run(together)


def test_the_keyboard_is_enough(small):
    small.press("Tab")
    assert small.run(FOCUSED) == "Skip to the content"
    small.press("Enter")
    assert small.run("document.activeElement.id") == "content"
    for _ in range(20):
        small.press("Tab")
        if small.run("document.activeElement.id") == "filter":
            break
    else:
        pytest.fail("Tab never comes to the filter")
    while not small.run("document.activeElement.matches('.open')"):
        small.press("Tab")
    assert small.run(FOCUSED) == "app.tasks.clean"
    small.press("ArrowDown")
    assert small.run(FOCUSED) == "app.tasks.mail"
    small.press("End")
    assert small.run(FOCUSED) == "app.tasks.sync"
    small.press("ArrowDown")
    assert small.run(FOCUSED) == "app.tasks.sync"
    small.press("Home")
    small.press("ArrowDown")
    small.press("Enter")
    assert small.run("document.activeElement.ariaExpanded") == "true"
    details = "document.querySelector('tbody[data-open] .detail')"
    assert "smtp.send is noticed" in small.run(f"{details}.innerText")
    small.press("Space")
    assert small.run("document.activeElement.ariaExpanded") == "false"
    assert small.run(f"{details} === null")


def test_wherever_the_focus_goes_it_can_be_seen(small):
    for _ in range(60):
        small.press("Tab")
        outline = small.run(
            "(() => { const one = document.activeElement;"
            "if (one === document.body) return 'end';"
            "const style = getComputedStyle(one);"
            "const box = one.querySelector?.('.outline');"
            "return style.outlineStyle !== 'none' "
            "|| (box && getComputedStyle(box).strokeWidth) || one.outerHTML; })()"
        )
        if outline == "end":
            return
        assert outline in (True, "2.5px", "2.5"), outline
    pytest.fail("Tab never comes to an end")


def test_a_link_to_a_task_opens_it_though_the_filter_hides_it(small):
    small.run("document.getElementById('filter').focus()")
    small.type("mail")
    small.click(".timeline a")
    assert small.run(FOCUSED) == "app.tasks.clean"
    assert small.run("document.activeElement.ariaExpanded") == "true"
    assert small.run(STATUS) == "4 tasks"


def test_a_node_of_the_graph_shows_its_own_lines_only(small):
    small.run("document.querySelector('#call-graph a').focus()")
    small.settle()
    narrowed = "document.querySelector('#call-graph').matches('.narrowed')"
    on = "document.querySelectorAll('.edge.on').length"
    every = "document.querySelectorAll('.edge').length"
    assert small.run(narrowed)
    assert 0 < small.run(on) < small.run(every)
    small.run("document.activeElement.blur()")
    assert not small.run(narrowed)
    small.hover("[data-node='0-0']")
    assert small.run(narrowed)


def test_without_script_everything_is_there(small):
    small.without_script()
    small.call("Page.reload")
    small.wait_for_load()
    wanted = ("member of a chain", "smtp.send", "def work(pk):", "the name is computed")

    def all_is_shown():
        text = small.run("document.body.innerText")
        return all(shown in text for shown in wanted)

    wait_until(all_is_shown)  # the page may still be the one before the reload
    assert not small.run("document.querySelector('.controls').offsetParent")
    small.without_script(off=False)


def test_a_hostile_project_runs_nothing(shown, tmp_path):
    root = tmp_path / "hostile"
    root.mkdir()
    page = shown(scan_page(hostile_survey(root), NOW))
    page.run("document.querySelectorAll('.open').forEach(one => one.click())")
    page.run(
        "document.querySelectorAll('details').forEach(one => { one.open = true; })"
    )
    page.settle()
    assert page.run("window.taken === undefined")
    assert page.run("document.scripts.length") == 1
    assert page.run("document.images.length") == 0
    assert "<script>window.taken=1</script>" in page.run("document.body.innerText")


def test_a_thousand_tasks_are_filtered_with_one_layout_for_each_key(large):
    large.run("document.getElementById('filter').focus()")
    large.type("w")  # the first one reads the texts
    before = large.metric("LayoutCount"), large.metric("RecalcStyleCount")
    typed = "ork_0123"
    large.type(typed)
    layouts = large.metric("LayoutCount") - before[0]
    styles = large.metric("RecalcStyleCount") - before[1]
    assert large.run(VISIBLE) == ["shop.part03.tasks.work_0123"]
    # One for the field, one for the table.
    assert layouts <= 2 * len(typed) + 2
    assert styles <= 3 * len(typed) + 3


def test_a_thousand_tasks_are_sorted_with_few_layouts(large):
    before = large.metric("LayoutCount")
    large.click("[data-key=callers]")
    assert large.metric("LayoutCount") - before <= 4
    assert large.run(f"{VISIBLE}.length") == 1000


def test_a_thousand_tasks_fold_what_is_not_read(large):
    """What is folded is not laid out: opening one task costs one task."""
    assert large.run(
        "Array.from(document.querySelectorAll('.detail'))"
        ".every(one => one.offsetParent === null)"
    )
    before = large.metric("LayoutCount")
    large.click(".open")
    assert large.metric("LayoutCount") - before <= 3
