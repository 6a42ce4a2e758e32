"""The two sides together hold exactly the bytes before and after."""

from __future__ import annotations

import re

import pytest

from migrator.model import FileChange
from migrator.report.html.side_by_side import file_block, file_diff
from tests.unit.report.pages import Page


def block(before, after):
    return file_block(file_diff(FileChange("a.py", before, after)), "file-1")


def sides(markup):
    """Number and text of the lines of each side, as they are shown."""
    left, right = {}, {}
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", markup):
        cells = re.findall(r'<td class="([^"]*)">(.*?)</td>', row)
        if len(cells) != 4:
            continue
        for side, (_, number), (kind, content) in zip(
            (left, right), cells[::2], cells[1::2], strict=True
        ):
            line = re.sub(r'<span class="(sign|hidden)".*?</span>', "", content)
            if number:
                side[int(number)] = re.sub(r"<[^>]+>", "", line)
                assert kind != "none"
    return left, right


def test_changed_lines_stand_beside_each_other_with_their_numbers():
    before = b"one\ntwo = task(1)\nthree\n"
    after = b"zero\none\ntwo = light_task(1)\nthree\n"
    left, right = sides(block(before, after))
    assert left == {1: "one", 2: "two = task(1)", 3: "three"}
    assert right == {1: "zero", 2: "one", 3: "two = light_task(1)", 4: "three"}


def test_only_what_differs_in_a_line_is_marked():
    markup = block(b"x = task(1, queue='a')\n", b"x = light_task(1, queue='a')\n")
    assert re.findall("<del>(.*?)</del>", markup) == ["task"]
    assert re.findall("<ins>(.*?)</ins>", markup) == ["light_task"]


def test_lines_far_from_a_change_are_counted_instead():
    rows = [f"line {number}\n" for number in range(1, 101)]
    after = rows.copy()
    after[49] = "new\n"
    markup = block("".join(rows).encode(), "".join(after).encode())
    assert "46 unchanged lines" in markup
    assert "47 unchanged lines" in markup
    assert len(sides(markup)[0]) == 7


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (b"a\r\nb\r\n", b"a\r\nc\r\n", "+1"),
        (b"a\nb", b"a\nb\n", "missing"),
        (b"a\n", b"a\r\nb\n", "\\r"),
        (b"\xff\xfe\n", b"\xff\n", "\ufffd"),
        (b"", b"", "The file is empty."),
        (b"a\n", None, "gone"),
        (None, b"a\n", "new file"),
    ],
)
def test_line_ends_and_odd_files(before, after, shown):
    text = Page(block(before, after)).text
    assert shown in text
    if before == b"a\r\nb\r\n":
        assert "\\r" not in text


def test_a_long_new_file_is_folded_and_a_short_one_is_not():
    assert Page(block(None, b"x\n" * 500)).named("details")[0].get("open", "no") == "no"
    assert "open" in Page(block(None, b"x\n")).named("details")[0]
