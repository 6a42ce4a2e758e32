"""What every command has: examples, completion, documents, and words that fit."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete
from rich.console import Console

from migrator.cli import COMMANDS, migrate
from migrator.model import Target
from migrator.report import status_report
from migrator.status import Stage, Status, TaskStatus
from tests.command_line import run
from tests.documents import valid

ROOT = Path(__file__).parents[3]

# A person answers, key by key: there is nothing for programs to read.
FOR_PEOPLE = {"review"}
# Of a store's figures, `migrate scan --format json` is the document.
GROUPS = {"evidence", "operate"}


def command_of(name):
    return migrate.get_command(click.Context(migrate), name)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_an_example(name):
    lines = [line.strip() for line in command_of(name).help.splitlines()]
    assert any(line.startswith(f"migrate {name}") for line in lines)


def examples():
    """Each line of a help that is a command: up to two spaces, or to where it goes."""
    for name in COMMANDS:
        found = command_of(name)
        for one in (found, *getattr(found, "commands", {}).values()):
            for line in one.help.splitlines():
                if line.strip().startswith(f"migrate {name}"):
                    yield re.split(r"  | >", line.strip())[0]


@pytest.mark.parametrize("line", sorted(set(examples())))
def test_an_example_is_a_command_line_that_parses(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REDIS_URL", "redis://localhost/0")  # what `watch` listens to
    _, name, *words = shlex.split(line)
    for file in (word for word in words if word.endswith((".json", ".log", ".csv"))):
        Path(file).touch()
    command = command_of(name)
    if isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    # Unknown options, values of a wrong type and missing arguments are errors here.
    with command.make_context(name, words):
        pass


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - FOR_PEOPLE - GROUPS))
def test_programs_can_read_it(name):
    (form,) = [p for p in command_of(name).params if p.name == "output"]
    assert "json" in form.type.choices


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("st",), ["status"]),
        (("scan", "--for"), ["--format"]),
        (("scan", "--format", "s"), ["sarif"]),
        (("explain", "retry-h"), ["retry-horizon"]),
        (("apply", "--target", "ap"), ["apscheduler"]),
    ],
)
def test_the_shell_completes(words, offered, monkeypatch):
    """What the shell would offer for the last word."""
    monkeypatch.setenv("COMP_WORDS", " ".join(["migrate", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    shell = BashComplete(migrate, {}, "migrate", "_MIGRATE_COMPLETE")
    shown = shell.complete()
    assert [line.partition(",")[2] for line in shown.splitlines()] == offered


def test_bash_itself_completes():
    """As the quickstart says: evaluated in a shell, and asked by Tab."""
    script = """
    eval "$(_MIGRATE_COMPLETE=bash_source migrate)"
    complete -p migrate
    COMP_WORDS=(migrate apply --target ap) COMP_CWORD=3
    _migrate_completion migrate ap --target
    echo "offers ${COMPREPLY[*]}"
    """
    programs = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_migrate_completion migrate" in done.stdout, done.stderr
    assert "offers apscheduler" in done.stdout


def test_there_is_a_script_for_the_shell():
    """Through a process of its own, as the shell asks for it."""
    call = "import sys; sys.argv[0] = 'migrate'; from migrator.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", call],
        env={**os.environ, "_MIGRATE_COMPLETE": "zsh_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_MIGRATE_COMPLETE" in done.stdout


def test_names_are_there_on_a_narrow_terminal(monkeypatch):
    """The name of a task is what the line is for: it wraps, and never goes."""
    stream = io.StringIO()
    narrow = Console(file=stream, width=40, force_terminal=True, no_color=True)
    monkeypatch.setattr(status_report, "console", lambda: narrow)
    name = "shop.orders.tasks.send_receipt_to_customer"
    task = TaskStatus(name, Stage.MOVED, Target.RUNNER, 3, 0, 1)
    status_report.print_status(Status((task,)), "text")
    status_report.print_live({name: {"waiting": 1, "route": None}}, "text")
    shown = stream.getvalue()
    lines = [line.split()[-1] for line in shown.splitlines() if line.strip()]
    assert "".join(lines).count("customer") == 2
    assert "moved" in shown


def test_an_error_has_a_place_and_a_way_on(tmp_path):
    code, shown, told = run(tmp_path, "diff")
    assert code == 2
    assert "migrate.toml: there is no plan yet" in told
    assert "Run `migrate plan`" in told
    assert not shown


def test_every_rule_can_be_read_by_programs(tmp_path):
    code, shown, _ = run(tmp_path, "explain", "--format", "json")
    assert code == 0
    rules = json.loads(shown)["rules"]
    assert {"id", "summary", "explanation", "guidance", "example"} <= set(rules[0])


@pytest.mark.usefixtures("proofs_kept")
def test_what_was_written_and_put_back_fits_its_schema(tmp_path):
    """apply, undo and finish, as programs read them."""
    project = tmp_path / "shop"
    shutil.copytree(ROOT / "fixtures/projects/tidy_shop", project)
    assert run(project, "plan")[0] == 0
    written = valid(run(project, "apply", "--format", "json")[1], "applied")["written"]
    assert "migrate.toml" in written
    shown = run(project, "finish", "--all", "--diff", "--format", "json")[1]
    assert valid(shown, "finish")["applied"] is False
    back = valid(run(project, "undo", "--format", "json")[1], "undone")["put_back"]
    assert sorted(back) == sorted(written)
