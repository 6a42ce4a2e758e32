"""Measured run times, from a file to the verdict that they confirm or overturn."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.test_journey import fresh, migrate

LIGHT = "maintenance.cleanup_expired_data"
REVIEW = "goblin_assistant.tasks.sync.refresh_provider_metadata"
HEAD = "name,count,p50,p95,max,failures,retries\n"


@pytest.fixture
def project(tmp_path):
    return fresh(tmp_path)


def verdicts(project):
    document = json.loads(migrate(project, "scan", "--format", "json").stdout)
    return {verdict["task"]: verdict for verdict in document["verdicts"]}


def measure(project, *rows):
    (project.logs / "runs.csv").write_text(HEAD + "".join(rows))
    file = str(project.logs / "runs.csv")
    return migrate(project, "evidence", "import", file, "--window", "30d")


def test_quick_runs_confirm_a_light_verdict(project):
    assert not verdicts(project)[LIGHT]["is_confirmed"]
    done = measure(project, f"{LIGHT},5000,0.01,0.05,0.2,0,0\n")
    assert done.returncode == 0, done.stderr
    assert "1 task measured" in done.stdout
    found = verdicts(project)[LIGHT]
    assert (found["level"], found["is_confirmed"]) == ("light", True)


def test_slow_runs_overturn_it(project):
    measure(project, f"{LIGHT},5000,90,240,600,0,0\n")
    assert verdicts(project)[LIGHT]["level"] == "heavy"


def test_a_name_that_the_project_does_not_have_is_told(project):
    done = measure(project, "no.such.task,100,1,1,1,0,0\n")
    assert "no.such.task" in done.stdout


@pytest.mark.parametrize("text", ["", "nothing of use\n", "{}"])
def test_a_file_that_holds_nothing_is_named(project, text):
    (project.logs / "odd.txt").write_text(text)
    done = migrate(project, "evidence", "import", str(project.logs / "odd.txt"))
    assert done.returncode == 2
    assert "odd.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_file_of_figures_does_not_make_the_tree_dirty(project):
    assert migrate(project, "plan").returncode == 0
    project.commit_all("plan")
    measure(project, f"{LIGHT},5000,0.01,0.05,0.2,0,0\n")
    assert migrate(project, "apply").returncode == 0
