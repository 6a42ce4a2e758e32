"""The excerpt: the right lines under the right numbers."""

from __future__ import annotations

import pytest

from migrator.model import Location
from migrator.report.html.code import Sources, decoded, excerpt
from tests.unit.report.pages import Page
from tests.unit.report.surveys import definition

BODY = "\n".join(f"    step({number})" for number in range(3, 60))
SOURCE = f"@task\ndef clean():\n{BODY}\n"


def shown(source, *places, line=2):
    task = definition(line=line)
    sources = Sources({"app/tasks.py": source.encode()}.__getitem__)
    reasons = [Location("app/tasks.py", place) for place in places]
    return Page(excerpt(sources, task, reasons)).text


def test_it_shows_the_head_and_each_place_that_a_reason_names():
    text = shown(SOURCE, 40)
    assert text.startswith("1| @task 2| def clean(): 3| step(3) 4|")
    assert "⋯ 39| step(39) 40| step(40) (named by a reason) 41| step(41)" in text
    assert "step(20)" not in text


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_are_counted_as_python_counts_them(end):
    """A form feed or a Unicode line separator ends no line of source."""
    text = shown(
        f"x = '\u2028'{end}@task{end}def clean():\x0c{end}    go(){end}", line=3
    )
    assert "2| @task 3| def clean():\\x0c 4| go()" in text


def test_a_reason_in_another_file_marks_nothing():
    assert "named by" not in shown(SOURCE)


def test_the_files_own_encoding_is_used():
    assert decoded("# coding: latin-1\nä".encode("latin-1")).endswith("ä")
    assert decoded(b"\xef\xbb\xbfx") == "x"
    assert decoded(b"# coding: nonsense\n\xff").endswith("\ufffd")


def test_a_file_that_is_gone_is_said_to_be():
    def gone(path):
        raise FileNotFoundError(path)

    text = Page(excerpt(Sources(gone), definition(), [])).text
    assert text == "The file could not be read again."


@pytest.mark.parametrize(
    "source", ["'''open\n", "def f(:\n  x\n y\n", "(((\n", "\t\x00\n"]
)
def test_source_that_does_not_parse_is_shown_all_the_same(source):
    assert shown(source, line=1)
