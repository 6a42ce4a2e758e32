"""`migrate scan` and `migrate diff` as they are called: streams, widths, exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TASKS = '''\
"""Tasks."""
import requests
from celery import shared_task


@shared_task(ignore_result=True)
def drop_a_session_that_nobody_has_used_for_a_long_time(session_id):
    print(session_id)


@shared_task
def fetch_everything_from_the_provider_and_wait_for_it(url):
    while True:
        requests.get(url)
'''
LATER = "\n\n@shared_task\ndef added():\n    pass\n"


@pytest.fixture
def project(tmp_path):
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tasks.py").write_text(TASKS)
    return tmp_path


def migrate(project, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "migrator", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        check=False,
    )


def in_terminal(project, columns, *arguments, **environment):
    """What a terminal of that width is sent, and the exit code."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 40, columns, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    given = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "migrator", *arguments],
        cwd=project,
        env=given | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | environment,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    sent = b""
    try:
        while data := os.read(ours, 1 << 16):
            sent += data
    except OSError:  # Linux says EIO when the other side is closed
        pass
    os.close(ours)
    return sent.decode().replace("\r\n", "\n"), process.wait(30)


ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def test_a_narrow_terminal_gets_lines_that_fit(project):
    sent, code = in_terminal(project, 80, "scan")
    assert code == 1
    assert "\x1b[" in sent
    plain = ESCAPE.sub("", sent).split("\n")
    assert not [line for line in plain if len(line) > 80]
    # Whatever is too long goes on further in, never at the edge.
    first = next(i for i, line in enumerate(plain) if line.startswith("verdict"))
    rows = plain[first + 1 : plain.index("", first)]
    edge = plain[first].index("task, and why")
    assert rows
    assert all(re.match(rf"\w+ +\w+ +\S| {{{edge}}}", row) for row in rows)


def test_no_color_is_honoured(project):
    sent, _ = in_terminal(project, 80, "scan", NO_COLOR="1")
    colours = [code for code in ESCAPE.findall(sent) if re.search(r"\b3[0-7]m", code)]
    assert not colours


def test_a_pipe_gets_whole_lines_without_colours(project):
    done = migrate(project, "scan")
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "\x1b" not in text
    name = "shop.tasks.drop_a_session_that_nobody_has_used_for_a_long_time"
    assert re.search(
        f"^\\w+ +\\w+ +{re.escape(name)}  shop/tasks.py:7$", text, re.MULTILINE
    )
    assert not re.search(r" +$", text, re.MULTILINE)
    assert done.stderr == b""


def test_every_format_is_one_document_on_standard_output(project):
    for output in ("json", "sarif"):
        done = migrate(project, "scan", "--format", output)
        assert json.loads(done.stdout)
        assert (done.returncode, done.stderr) == (1, b"")
    page = migrate(project, "scan", "--format", "html").stdout.decode()
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    lines = migrate(project, "scan", "--format", "github").stdout.decode()
    assert len(lines.splitlines()) == 2


def test_a_locale_of_ascii_changes_no_document(project):
    """Names may be in any script; the document is UTF-8 wherever it is made."""
    (project / "shop/tasks.py").write_text(TASKS.replace("url", "größe"))
    given = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = migrate(project, "scan", "--format", "html", **given)
    assert "größe" in done.stdout.decode()


def test_the_check_lets_the_baseline_through_and_nothing_else(project):
    written = migrate(project, "scan", "--write-baseline", "celery.json")
    assert written.returncode == 0
    assert b"2 things" in written.stderr
    same = migrate(project, "scan", "--baseline", "celery.json")
    assert (same.returncode, same.stdout) == (0, b"0 beyond the baseline.\n")
    with (project / "shop/tasks.py").open("a") as tasks:
        tasks.write(LATER)
    more = migrate(project, "scan", "--baseline", "celery.json")
    assert more.returncode == 1
    assert more.stdout.decode().splitlines() == [
        "shop/tasks.py:18: shop.tasks.added is a Celery task",
        "1 beyond the baseline.",
    ]
    (project / "shop/tasks.py").write_text(LATER.replace("@shared_task", ""))
    less = migrate(project, "scan", "--baseline", "celery.json")
    assert less.returncode == 0
    assert b"2 of the baseline are gone" in less.stderr


def test_a_check_without_a_baseline_wants_nothing_on_celery(project):
    assert migrate(project, "scan", "--check").returncode == 1
    (project / "shop/tasks.py").write_text("import celery\n")
    assert migrate(project, "scan", "--check").returncode == 0


def test_a_broken_baseline_is_a_wrong_usage(project):
    (project / "celery.json").write_text("[]")
    done = migrate(project, "scan", "--baseline", "celery.json")
    assert done.returncode == 2
    assert done.stderr.startswith(b"migrate: celery.json: the baseline")


def test_in_a_migrated_project_only_a_new_celery_task_is_caught(project):
    """From the first scan to CI afterwards, with the side-by-side page between."""
    assert migrate(project, "plan").returncode == 0
    page = migrate(project, "diff", "--html")
    assert page.returncode == 1
    assert b"<ins>light_task</ins>" in page.stdout
    applied = migrate(project, "apply", "--allow-dirty")
    assert applied.returncode == 0, applied.stderr
    assert migrate(project, "scan", "--write-baseline", "celery.json").returncode == 0
    known = json.loads((project / "celery.json").read_text())["files"]
    moved = "shop.tasks.drop_a_session_that_nobody_has_used_for_a_long_time"
    assert f"task {moved}" not in known["shop/tasks.py"]
    with (project / "shop/tasks.py").open("a") as tasks:
        tasks.write(LATER)
    done = migrate(project, "scan", "--baseline", "celery.json", "--format", "github")
    assert done.returncode == 1
    assert [line[:32] for line in done.stdout.decode().splitlines()] == [
        "::error file=shop/tasks.py,line="
    ]
