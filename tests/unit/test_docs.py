"""What the pages name is there: files, commands, options, and names to import."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
import textwrap
from pathlib import Path

import click
import pytest

from migrator.cli import COMMANDS, migrate

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
OF_THE_PROJECT = re.compile(
    r"`((?:migrator|shim|templates|fixtures|tests|docs)/[\w./-]+)`"
)


def each(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=each)
def test_links_and_paths_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (page.parent / target).exists(), target
    if "adr" not in page.parts:  # a decision tells of its own day
        for path in OF_THE_PROJECT.findall(text):
            assert (ROOT / path).exists(), path


def named_commands(page):
    """`migrate ...` of console blocks and of code in sentences."""
    for block in blocks(page, "console"):
        for line in block.splitlines():
            found = re.match(r"\$ (?:.*\s)?migrate (.+?)(?:\s+#.*)?$", line)
            if found:
                yield found[1]
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    yield from (" ".join(c.split()) for c in re.findall(r"`migrate\s([^`]+)`", text))


@pytest.mark.parametrize("page", PAGES, ids=each)
def test_commands_have_the_options_that_are_shown(page):
    for line in named_commands(page):
        name, *words = line.split()
        if not name[0].isalpha():
            continue  # migrate --help
        assert name in COMMANDS, line
        command = migrate.get_command(click.Context(migrate), name)
        if isinstance(command, click.Group) and words:
            command = command.commands[words[0]]
        known = {option for p in command.params for option in p.opts}
        for word in words:
            if word.startswith("--"):
                assert word.rstrip(":.,").partition("=")[0] in known, line


def with_python(page):
    # The examples of rules show lines of process files, too.
    return (
        blocks(page, "python") and page.name != "rules.md" and "adr" not in page.parts
    )


@pytest.mark.parametrize("page", list(filter(with_python, PAGES)), ids=each)
def test_python_parses_and_its_imports_exist(page):
    for block in blocks(page, "python"):
        tree = ast.parse(textwrap.dedent(block))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                check_import(node.module or "", [alias.name for alias in node.names])


def check_import(module, names):
    package, _, rest = module.partition(".")
    if package == "light_tasks":
        sources = list(TEMPLATES.glob(f"*/{rest}*.py*"))
        assert sources, module
        for name in names:
            assert any(name in path.read_text() for path in sources), (module, name)
    elif package in {"shim", "django", "fastapi", "celery"}:
        found = importlib.import_module(module)
        for name in names:
            if not hasattr(found, name):
                importlib.import_module(f"{module}.{name}")


def test_changes_become_a_section(tmp_path):
    """Fragments of each kind under its heading, the newest release first."""
    path = ROOT / "changelog.d" / "assemble.py"
    spec = importlib.util.spec_from_file_location("assemble", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.fragments(path.parent)  # those of this tree are of known kinds
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "CHANGELOG.md").write_text((ROOT / "CHANGELOG.md").read_text())
    for number, kind in ((1, "bugfix"), (2, "feature")):
        (tmp_path / f"changelog.d/x.{kind}.md").write_text(f"Sentence {number}.\n")
        script.assemble(tmp_path, f"0.{number}.0", "2030-01-01")
    text = (tmp_path / "CHANGELOG.md").read_text()
    assert text.index("0.2.0") < text.index("### Added") < text.index("Sentence 2.")
    assert text.index("Sentence 2.") < text.index("0.1.0") < text.index("Sentence 1.")
    assert not list((tmp_path / "changelog.d").iterdir())
    (tmp_path / "changelog.d/y.nonsense.md").touch()
    with pytest.raises(ValueError, match="none of the kinds"):
        script.assemble(tmp_path, "0.3.0", "2030-01-01")
    assert sys.modules.get("assemble") is None
