"""One journey through every command: in a pipe, on a narrow terminal, with CRLF files.

The one in a pipe, with files as they come, is what the others are held to.
"""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from migrator.cli import COMMANDS
from tests.command_line import run

FIXTURE = Path(__file__).parents[2] / "fixtures" / "projects" / "tidy_shop"
NOWHERE = ("--app", "no.such:app")
WRITING = (
    ("scan", "--all"),
    ("plan",),
    ("diff",),
    ("apply",),
    ("diff",),
    ("verify",),
    ("finish", "--all", "--no-broker-check"),
    ("undo",),
    ("undo",),  # an error: nothing is left to be put back
)
STEPS = (
    *WRITING,
    ("diff", "--stat"),
    ("status",),
    ("status", "--timeline"),
    ("verify", "--schedules"),
    ("explain", "retry-horizon"),
    ("route", "shop.journal", "--to", "celery", *NOWHERE),
    ("drain", *NOWHERE),
    ("status", "--live", *NOWHERE),
    ("evidence", "import", "nowhere.log"),
    ("operate", "export-schedules", "nowhere"),
    *((name, "--help") for name in COMMANDS),
)
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3\d|4\d|9\d|10\d)(?:;\d+)*m")
CONTROL = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")
PROGRESS = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\x1b\[1A\x1b\[2K)?", re.DOTALL)


@dataclass
class Journey:
    """What each step printed, and the files as they were after it."""

    codes: list[int] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    files: list[dict[str, bytes]] = field(default_factory=list)


def files_of(root):
    """The project's files; the journal of apply is none of them."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {
        str(path): (root / path).read_bytes()
        for path in paths
        if path.parts[0] != ".migrate"
    }


def as_on_windows(root):
    """Every file with CRLF, as git checks out with `core.autocrlf`."""
    for name, data in files_of(root).items():
        (root / name).write_bytes(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def travelled(root, *, is_windows=False, stream=io.TextIOWrapper):
    shutil.copytree(FIXTURE, root)
    journey = Journey()
    for step in WRITING if is_windows else STEPS:
        if is_windows:
            as_on_windows(root)
        code, *printed = run(root, *step, stream=stream)
        journey.codes.append(code)
        journey.printed.append("".join(printed))
        journey.files.append(files_of(root))
    return journey


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return travelled(tmp_path_factory.mktemp("plain") / "project")


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def words(text):
    """What is said, without layout, times and the progress bar."""
    text = CONTROL.sub("", PROGRESS.sub("", text))
    return re.sub(r"\d+(\.\d+)?", "0", re.sub(r"\s+", "", text))


def test_a_narrow_terminal_without_colours_says_every_word(
    plain, tmp_path, monkeypatch
):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm-256color")
    narrow = travelled(tmp_path / "project", stream=Terminal)
    assert narrow.codes == plain.codes
    assert narrow.files == plain.files
    for step, here, there in zip(STEPS, narrow.printed, plain.printed, strict=True):
        assert not COLOUR.search(here), step
        assert words(here) == words(there), step


def test_a_repository_with_crlf_is_edited_as_any_other(plain, tmp_path):
    """The same lines change, and every line keeps its end."""
    windows = travelled(tmp_path / "project", is_windows=True)
    assert windows.codes == plain.codes[: len(WRITING)]
    for step, here, there in zip(WRITING, windows.files, plain.files, strict=False):
        assert sorted(here) == sorted(there), step
        for name, data in here.items():
            assert data.replace(b"\r\n", b"\n") == there[name], (step, name)
            is_new = b"\r\n" not in data
            assert is_new or data.count(b"\r\n") == data.count(b"\n"), (step, name)
    for step, here, there in zip(WRITING, windows.printed, plain.printed, strict=False):
        assert words(here) == words(there), step
