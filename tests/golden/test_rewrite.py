"""Before/after pairs: each folder of fixtures/rewrite is one situation.

`before.py` becomes `app/tasks.py` of a small project, and every task and schedule that
is not marked heavy moves. `after.py` is what must come out, to the byte; without one,
nothing may change.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from migrator.apply import apply_changes, unified_diff
from migrator.classify import classify
from migrator.model import Accept, Plan, PlannedSchedule, PlannedTask, Target
from migrator.project import open_project
from migrator.rewrite import rewrite_project
from migrator.rewrite.source import read_source
from migrator.scan import scan_project

FOLDER = Path(__file__).parents[2] / "fixtures" / "rewrite"
CASES = sorted(path.name for path in FOLDER.iterdir())
PATH = "app/tasks.py"


def plan_to_move_all(inventory):
    """Everything goes, but what a `# migrate: heavy` comment holds back."""
    tasks = tuple(
        PlannedTask(
            definition,
            verdict,
            Target.APSCHEDULER,
            Accept.NO if definition.marker else Accept.YES,
        )
        for definition, verdict in zip(
            inventory.tasks, classify(inventory), strict=True
        )
    )
    moving = {task.definition.name for task in tasks if task.moves}
    schedules = tuple(
        PlannedSchedule(entry, Target.APSCHEDULER)
        for entry in inventory.schedules
        if entry.task in moving
    )
    return Plan("light_tasks", "light_tasks", tasks, schedules)


def rewritten(root):
    project = open_project(root)
    inventory = scan_project(project)
    # The router of the generated package is the demo's subject, not this test's.
    plan = plan_to_move_all(inventory)
    changes = rewrite_project(inventory, plan, project.read)
    assert not changes.refusals
    return changes.changes


@pytest.fixture
def case(request, tmp_path):
    folder = FOLDER / request.param
    before = (folder / "before.py").read_bytes()
    after = folder / "after.py"
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / PATH).write_bytes(before)
    return tmp_path, before, after.read_bytes() if after.exists() else before


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_file_becomes_what_is_expected(case):
    root, before, after = case
    changes = rewritten(root)
    assert read_source(before).encode(read_source(before).module) == before
    apply_changes(root, changes)
    assert (root / PATH).read_bytes().decode("latin-1") == after.decode("latin-1")
    compile(after, PATH, "exec")


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_a_second_run_changes_nothing(case):
    root, _, _ = case
    apply_changes(root, rewritten(root))
    assert rewritten(root) == ()


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_the_patch_is_what_git_applies(case):
    root, _, after = case
    patch = unified_diff(rewritten(root))
    if patch:
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, input=patch, cwd=root, check=True)
    assert (root / PATH).read_bytes() == after


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_no_comment_of_a_kept_line_is_lost(case):
    _, before, after = case
    gone = {"# end of first", "# hourly", "# tasks"}  # they end removed lines
    assert comments(before) - comments(after) <= gone


def comments(data):
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    return {token.string for token in tokens if token.type == tokenize.COMMENT}


def test_imports_that_were_sorted_stay_so(tmp_path):
    """As ruff and isort sort them: a project that runs one has nothing to mend."""
    for name in CASES:
        for kind in ("before", "after"):
            file = FOLDER / name / f"{kind}.py"
            if file.exists():
                (tmp_path / f"{name}-{kind}.py").write_bytes(file.read_bytes())
    line = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I"]
    line += ["--output-format", "json", str(tmp_path)]
    # Where it starts, `shim` would be a folder of ours, and so no installed package.
    done = subprocess.run(
        line, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    unsorted = {Path(found["filename"]).stem for found in json.loads(done.stdout)}
    made = {n for n in CASES if f"{n}-after" in unsorted}
    assert made <= {n for n in CASES if f"{n}-before" in unsorted}
    assert len(made) < len(CASES) / 4
