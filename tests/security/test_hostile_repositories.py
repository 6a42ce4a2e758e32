"""A hostile repository through every command and every form of output.

Nothing of it runs, nothing is written outside of it, and nothing of what it is called
takes over a terminal, a page or a CI runner.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.security.hostile import (
    SCHEDULED,
    SECRETS,
    TEXTS,
    as_repository,
    hostile,
)

# What must not reach a terminal or a CI runner: C0 and C1 but for the line feed, and
# the marks that turn the direction of text.
CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
READING = (
    ("scan", "--all"),
    ("scan", "--format", "json"),
    ("scan", "--format", "sarif"),
    ("scan", "--format", "html"),
    ("scan", "--format", "github"),
    ("scan", "--check"),
    ("plan",),
    ("plan", "--format", "json"),
    ("diff", "--stat"),
    ("diff", "--html"),
    ("diff", "--format", "json"),
    ("diff",),
    ("status",),
    ("status", "--format", "json"),
)
AFTER = (
    ("verify",),
    ("verify", "--format", "json"),
    ("verify", "--format", "junit"),
    ("verify", "--schedules"),
    ("verify", "--schedules", "--format", "json"),
    ("verify", "--base", "HEAD"),
    ("status",),
    ("finish", "--all", "--diff", "--blind-spots-checked"),
    ("undo",),
)
# The patch is what is written, byte by byte: it can hide nothing.
EXACT = {("diff",), ("diff", "--format", "json"), ("diff", "--html")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = hostile(tmp_path_factory.mktemp("hostile"))
    as_repository(made)
    return made


@pytest.fixture(scope="module")
def outputs(made, migrate):
    """What each command printed: (standard output, standard error)."""
    printed = {}

    def play(codes, *commands):
        for arguments in commands:
            code, *printed[arguments] = migrate(made.root, *arguments)
            assert code in codes, printed[arguments]
            if arguments == ("plan",):
                made.decide()

    before = made.around()
    play({0, 1}, *READING, ("apply", "--allow-dirty"))
    play({0, 1, 4}, *AFTER)
    assert made.around() == before  # nothing ran, nothing was written elsewhere
    return printed


def test_nothing_runs_by_any_command(made, outputs):
    """One after the other, from inside the repository."""
    assert len(outputs) == len(READING) + len(AFTER) + 1 - 1  # status twice
    assert not made.mark.exists()
    assert not list(made.root.rglob("EXECUTED"))


def test_a_commit_runs_no_program_of_the_repository(made, outputs, migrate):
    """Its own filters would change the content, and its own program would sign."""
    (made.root / "new.txt").touch()
    code, _, error = migrate(made.root, "apply")
    assert (code, "uncommitted changes: new.txt" in error) == (3, True)
    (made.root / "new.txt").unlink()
    code, _, error = migrate(made.root, "apply", "--commit-per-task")
    assert code == 3
    assert "nothing of the repository is run" in error
    assert not made.mark.exists()
    code, _, error = migrate(made.root, "undo")
    assert code == 0


def test_started_as_a_module_it_imports_nothing_of_the_current_folder(made):
    """`python -m` puts that folder first; there is a `json.py` and a `click.py`."""
    for command in ("scan", "plan"):
        done = subprocess.run(
            [sys.executable, "-m", "migrator", command],
            cwd=made.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr
    assert not made.mark.exists()


def test_no_control_character_reaches_a_terminal(outputs):
    for arguments, (out, error) in outputs.items():
        if arguments not in EXACT:
            assert not CONTROL.search(out), arguments
        assert not CONTROL.search(error), arguments


def test_no_secret_is_printed(made, outputs):
    """Passwords of URLs, settings and arguments; the patch alone is exact."""
    for arguments, printed in outputs.items():
        if arguments not in EXACT:
            for secret in SECRETS:
                assert secret not in "".join(printed), arguments
    assert not any(s in (made.root / "migrate.toml").read_text() for s in SECRETS)


@pytest.mark.parametrize("command", [("scan", "--format", "html"), ("diff", "--html")])
def test_a_page_has_only_our_own_scripts(outputs, command):
    page = outputs[command][0]

    class Reader(HTMLParser):
        scripts = 0

        def handle_starttag(self, tag, attrs):
            self.scripts += tag == "script"
            assert tag not in {"img", "iframe", "object", "embed", "base"}
            for name, value in attrs:
                assert not name.startswith("on"), (tag, name)
                assert "javascript:" not in (value or "") or name not in {"href", "src"}

    reader = Reader()
    reader.feed(page)
    assert reader.scripts <= 1
    assert "<script>window.taken" not in page
    assert "Content-Security-Policy" in page


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_documents_are_json_in_ascii(outputs, form):
    text = outputs["scan", "--format", form][0]
    assert text.isascii()
    json.loads(text)


def test_no_line_of_a_name_is_a_command_of_a_ci_runner(outputs):
    lines = outputs["scan", "--format", "github"][0].splitlines()
    assert lines
    for line in lines:
        assert re.match(r"::(error|warning|notice) file=", line), line


def test_junit_is_xml(outputs):
    ET.fromstring(outputs["verify", "--format", "junit"][0])


def test_the_plan_has_one_stanza_for_each_name(made):
    """No name ends a table and begins another."""
    with (made.root / "migrate.toml").open("rb") as file:
        plan = tomllib.load(file)
    assert set(TEXTS) <= set(plan["tasks"])
    assert set(SCHEDULED) == set(plan["schedules"])
    assert "x" not in plan["tasks"]


def test_generated_files_hold_names_as_text(made, outputs):
    """Python that parses to the same names, YAML and Helm values that load to them."""
    document = json.loads(outputs["diff", "--format", "json"][0])
    new = {
        change["path"]: change["after"]["text"]
        for change in document["changes"]
        if change["before"] is None
    }
    assert any(path.endswith(".py") for path in new)
    entries = set()
    for path, text in new.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
        elif path.endswith((".yaml", ".yml")) and "/templates/" not in path:
            for manifest in yaml.safe_load_all(text):
                notes = manifest.get("metadata", {}).get("annotations", {})
                entries.add(notes.get("light-tasks/entry"))
                for job in manifest.get("cronJobs", {}).values():
                    assert job["entry"] in SCHEDULED
    assert entries - {None} <= set(SCHEDULED)
    assert entries & set(SCHEDULED)
    for path in new:
        assert ".." not in path.split("/")
        assert path.isprintable()
