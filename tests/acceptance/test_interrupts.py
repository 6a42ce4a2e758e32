"""Ctrl-C: exit code 130, no traceback, and the tree and the terminal as they were.

What is interrupted waits for ever, and says by a file that it has begun: no test
depends on how fast the machine is.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import wait_until

SHOWS_CURSOR, HIDES_CURSOR = b"\x1b[?25h", b"\x1b[?25l"
SCANS = {
    "scan": ["scan"],
    "apply": ["apply"],
    "verify": ["verify", "--base", "HEAD"],
}


def started(command, folder, env, **options):
    """The process in a group of its own, as a shell starts it on a terminal."""
    line = [sys.executable, "-m", "migrator", *command]
    return subprocess.Popen(
        line, cwd=folder, env=env, start_new_session=True, **options
    )


def interrupted(process):
    """Exit code and what was said, after Ctrl-C in the group of the process."""
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)
    return process.returncode, b"".join(filter(None, said)).decode()


def waiting(folder, name):
    """A module that says by a file that it runs, and then does not end."""
    marker = folder.parent / f"{folder.name}-begun"
    text = f"import pathlib, time\n\npathlib.Path({str(marker)!r}).touch()\n"
    (folder / name).write_text(text + "time.sleep(600)\n", encoding="utf-8")
    return marker


def environment(project, tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    return {**project.env, "TMPDIR": str(folder), "MIGRATE_CACHE": "off"}


def left_in(env):
    return list(Path(env["TMPDIR"]).iterdir())


@pytest.mark.parametrize(
    "command",
    [["scan"], ["plan"], ["operate", "export-schedules"]],
    ids=lambda command: command[-1],
)
def test_while_the_application_is_imported(command, shop, tmp_path):
    marker = waiting(shop.root, "waits.py")
    before, env = shop.contents(), environment(shop, tmp_path)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = started([*command, "--import-app", "waits:app"], shop.root, env, **pipes)
    wait_until(marker.exists, 60)
    code, said = interrupted(process)
    assert (code, "Traceback" in said) == (130, False), said
    assert "interrupted; no file is half written" in said
    assert shop.contents() == before
    assert left_in(env) == []


def test_while_the_users_tests_run(shop, tmp_path):
    waiting(tmp_path, "wait.py")
    marker = tmp_path.parent / f"{tmp_path.name}-begun"
    before, env = shop.contents(), environment(shop, tmp_path)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = ["apply", "--test", f"{sys.executable} {tmp_path / 'wait.py'}"]
    process = started(command, shop.root, env, **pipes)
    wait_until(marker.exists, 60)
    code, said = interrupted(process)
    assert (code, "Traceback" in said) == (130, False), said
    assert shop.contents() == before
    assert shop.git("worktree", "list").count("\n") == 1
    assert left_in(env) == []


@pytest.mark.parametrize("command", SCANS.values(), ids=SCANS.keys())
def test_on_a_terminal_while_it_scans(command, shop, tmp_path):
    """The progress bar is there, and gone afterwards; the cursor is back."""
    body = "".join(
        f"\n\ndef f{n}(x):\n    return g(x, [x.y({n})])\n" for n in range(800)
    )
    for number in range(80):
        text = f"import celery\n{body}"
        (shop.root / f"shop/large_{number}.py").write_text(text, encoding="utf-8")
    shop.commit_all("large")
    before, env = shop.contents(), environment(shop, tmp_path)
    ours, theirs = pty.openpty()
    process = started(
        command, shop.root, {**env, "TERM": "xterm"}, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    while b"Scanning" not in seen:
        seen += os.read(ours, 4096)
    os.killpg(process.pid, signal.SIGINT)
    seen += rest_of(ours)
    os.close(ours)
    assert process.wait(timeout=60) == 130, seen
    assert b"Traceback" not in seen
    assert seen.rfind(SHOWS_CURSOR) > seen.rfind(HIDES_CURSOR) >= 0
    assert shop.contents() == before
    assert left_in(env) == []


def rest_of(terminal):
    """What is written until the other side closes: EIO on Linux, an end elsewhere."""
    seen, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    return seen
