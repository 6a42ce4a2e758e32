"""Small projects before and after a finish: each folder of fixtures/finish is one.

`after` holds the files that change, and `outcome.txt` what is said: who is finished,
who keeps the shim and why, what is left by hand. `case.toml` holds the choices of the
plan. Renewed by `pytest --update-golden`.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from migrator.apply import apply_changes, undo_last, unified_diff
from migrator.finishing import finish
from migrator.pipeline import survey
from migrator.plan import FILE_NAME

FOLDER = Path(__file__).parents[2] / "fixtures" / "finish"
CASES = sorted(path.name for path in FOLDER.iterdir())
PLAN = "format = 1\n"
STANZA = '\n[tasks."{name}"]\naccept = "yes"\ntarget = "runner"\n'


@pytest.fixture
def case(request, tmp_path):
    folder = FOLDER / request.param
    root = tmp_path / "project"
    shutil.copytree(folder / "before", root)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    callers = tomllib.loads(text)["callers"]
    stanzas = [
        STANZA.format(name=task.name)
        + (f'callers = "{callers[task.name]}"\n' if task.name in callers else "")
        for task in survey(root).inventory.tasks
    ]
    (root / FILE_NAME).write_text(PLAN + "".join(stanzas), encoding="utf-8")
    return folder, root


def own_changes(outcome):
    return [one for one in outcome.changes.changes if one.path != FILE_NAME]


def said(outcome):
    lines = [f"finished: {name}" for name in outcome.finished]
    lines += [f"keeps: {r.name}: {r.reason} ({r.location})" for r in outcome.kept]
    lines += [f"unseen: {r.reason} ({r.location})" for r in outcome.unseen]
    lines += [
        f"by hand: {step.location}: {step.text}, because {step.reason}"
        for step in outcome.changes.manual_steps
    ]
    return "".join(f"{line}\n" for line in lines)


def expected(folder):
    after = folder / "after"
    return {
        path.relative_to(after).as_posix(): path.read_bytes()
        for path in after.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_what_is_written_and_said(case, request):
    folder, root = case
    outcome = finish(root, [])
    changed = {one.path: one.after for one in own_changes(outcome)}
    if request.config.getoption("--update-golden"):
        shutil.rmtree(folder / "after", ignore_errors=True)
        for path, data in changed.items():
            (folder / "after" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "after" / path).write_bytes(data)
        (folder / "outcome.txt").write_text(said(outcome), encoding="utf-8")
    assert changed == expected(folder)
    assert said(outcome) == (folder / "outcome.txt").read_text(encoding="utf-8")
    for path, data in changed.items():
        compile(data, path, "exec")


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_a_second_finish_changes_nothing_and_undo_puts_all_back(case):
    _, root = case
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    outcome = finish(root, [])
    apply_changes(root, outcome.changes.changes)
    again = finish(root, [])
    assert again.changes.changes == ()
    assert again.finished == ()
    if outcome.changes.changes:
        undo_last(root)
        shutil.rmtree(root / ".migrate", ignore_errors=True)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_patch_is_what_git_applies(case):
    _, root = case
    changes = finish(root, []).changes.changes
    if changes:
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, input=unified_diff(changes), cwd=root, check=True)
    for change in changes:
        assert (root / change.path).read_bytes() == change.after


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_no_import_of_the_shim_is_left_where_all_are_finished(case):
    _, root = case
    outcome = finish(root, [])
    if outcome.kept or outcome.unseen:
        return
    apply_changes(root, outcome.changes.changes)
    for path in root.rglob("*.py"):
        assert b"shim" not in path.read_bytes(), path
