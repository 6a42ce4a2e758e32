"""`migrate review` in a terminal, key by key; quitting keeps what was decided."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from migrator.plan import read_manifest
from tests.acceptance.test_journey import fresh, migrate
from tests.servers import wait_until

LATER = (
    "goblin_assistant.tasks.notifications.deliver_webhook",
    "goblin_assistant.tasks.sync.refresh_provider_metadata",
)


@pytest.fixture
def project(tmp_path):
    made = fresh(tmp_path)
    assert migrate(made, "plan").returncode == 0
    return made


def stanzas(project):
    return read_manifest((project.root / "migrate.toml").read_text()).stanzas


def accepts(project):
    return {name: str(stanza.accept) for name, stanza in stanzas(project).items()}


def test_answers_are_written_one_by_one(project):
    """Help, explain, a target for a task that was to stay, and a no."""
    before = accepts(project)
    assert [name for name, accept in before.items() if accept == "later"] == list(LATER)
    done = migrate(project, "review", input="?\ne\ny\nrunner\nn\n")
    assert done.returncode == 0, done.stderr
    assert accepts(project) == before | {LATER[0]: "yes", LATER[1]: "no"}
    assert stanzas(project)[LATER[0]].target == "runner"
    assert "2 of 2 decided" in done.stdout


@pytest.mark.parametrize("end", ["q\n", ""])
def test_quitting_keeps_what_was_decided(project, end):
    """By `q`, and by the end of the input."""
    done = migrate(project, "review", input=f"n\n{end}")
    assert done.returncode == 0, done.stderr
    assert accepts(project)[LATER[0]] == "no"
    assert accepts(project)[LATER[1]] == "later"


@pytest.mark.skipif(not shutil.which("tmux"), reason="no tmux on this machine")
def test_in_a_real_terminal(project):
    """As a person sees it: colours, keys, Ctrl-C."""
    socket = f"goblin-{project.root.parent.name}"

    def tmux(*arguments):
        command = ["tmux", "-L", socket, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    command = f"{sys.executable} -m migrator review"
    paths = f"PYTHONPATH={project.env['PYTHONPATH']}"
    tmux("new-session", "-d", "-x", "100", "-y", "40", "-c", str(project.root))
    try:
        tmux("send-keys", f"{paths} {command}; echo end=$?", "Enter")
        wait_until(lambda: "(1/2)" in tmux("capture-pane", "-p"), 60)
        tmux("send-keys", "n", "Enter")
        wait_until(lambda: "(2/2)" in tmux("capture-pane", "-p"), 30)
        tmux("send-keys", "C-c")
        wait_until(lambda: "end=0" in tmux("capture-pane", "-p"), 30)
    finally:
        tmux("kill-server")
    assert accepts(project)[LATER[0]] == "no"
    assert accepts(project)[LATER[1]] == "later"


def test_status_counts_what_moved_and_what_is_left(project):
    """Before, between and after."""
    first = migrate(project, "status")
    assert first.returncode == 1
    assert "0 moved, 6 to move, 9 on Celery" in first.stdout
    assert migrate(project, "apply", "--allow-dirty").returncode == 0
    assert "6 moved, 0 to move, 9 on Celery" in migrate(project, "status").stdout
