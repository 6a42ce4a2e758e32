"""The commands as a user runs them, on the seed project and on what is no project."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.goblin import GoblinProject

pytestmark = pytest.mark.smoke

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "goblin.patch"
OWN = ("goblin_assistant", "pyproject.toml", "requirements.txt")


def fresh(folder):
    made = GoblinProject(folder, "redis://127.0.0.1:1/0")
    made.commit_all("before")
    return made


@pytest.fixture
def project(tmp_path):
    return fresh(tmp_path)


@pytest.fixture(scope="session")
def plan_text(tmp_path_factory):
    """What `migrate plan` writes for the seed project; made once."""
    project = fresh(tmp_path_factory.mktemp("plan"))
    done = migrate(project, "plan")
    assert done.returncode == 0, done.stderr
    return (project.root / "migrate.toml").read_text()


@pytest.fixture
def planned(project, plan_text):
    (project.root / "migrate.toml").write_text(plan_text)
    project.commit_all("plan")
    return project


def migrate(project, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "migrator", *arguments],
        cwd=options.pop("cwd", project.root),
        env=project.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **options,
    )


def refused(done, code, *words):
    """The command said no, without a traceback, and named what is wrong."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_scan_finds_every_task_of_the_seed_project(project):
    done = migrate(project, "scan", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    found = {task["name"] for task in document["inventory"]["tasks"]}
    registered = project.python(
        "-c",
        "from goblin_assistant.celery_app import celery_app as app\n"
        "app.loader.import_default_modules(); app.finalize()\n"
        "print('\\n'.join(n for n in app.tasks if not n.startswith('celery.')))",
    )
    assert found == set(registered.split())


def test_the_required_verdicts(project):
    verdicts = json.loads(migrate(project, "scan", "--format", "json").stdout)[
        "verdicts"
    ]
    level = {v["task"].rpartition(".")[2]: v["level"] for v in verdicts}
    light = (
        "probe_all_providers",
        "system_health_check",
        "cleanup_expired_data",
        "probe_provider",
    )
    heavy = (
        "run_inference",
        "transcribe_audio",
        "run_assistant_workflow",
        "build_archive",
        "sync_provider_catalog",
    )
    assert {name: level[name] for name in light} == dict.fromkeys(light, "light")
    assert {name: level[name] for name in heavy} == dict.fromkeys(heavy, "heavy")


def test_scan_writes_nothing(project):
    before = project.contents()
    migrate(project, "scan")
    assert project.contents() == before


def test_the_patch_is_the_golden_one(planned, request):
    """Renewed by `pytest --update-golden`; the generated package has its own tests."""
    patch = migrate(planned, "diff").stdout
    parts = ["diff --git " + part for part in patch.split("diff --git ")[1:]]
    own = "".join(
        p for p in parts if p.startswith(tuple(f"diff --git a/{o}" for o in OWN))
    )
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(own)
    assert own == GOLDEN.read_text()


def test_apply_then_undo_gives_back_every_byte(planned):
    before = planned.contents()
    assert migrate(planned, "apply").returncode == 0
    after = planned.contents()
    assert after != before
    assert migrate(planned, "diff").returncode == 0
    again = migrate(planned, "apply")
    assert again.returncode == 0
    assert "Nothing to change" in again.stderr
    assert planned.contents() == after
    assert migrate(planned, "undo").returncode == 0
    assert planned.contents() == before


def test_verify_accounts_for_everything(planned):
    migrate(planned, "apply")
    done = migrate(planned, "verify")
    assert done.returncode == 0, done.stdout
    planned.commit_all("applied")
    done = migrate(planned, "verify", "--base", "HEAD~1")
    assert done.returncode == 0, done.stdout


def test_verify_notices_a_lost_caller_and_a_lost_schedule(planned):
    migrate(planned, "apply")
    health = planned.root / "goblin_assistant/tasks/health.py"
    text = health.read_text()
    assert "probe_provider.delay(provider_id)" in text
    health.write_text(text.replace("probe_provider.delay(provider_id)", "None"))
    beat = planned.root / "goblin_assistant/celery_app.py"
    text = beat.read_text()
    assert '"nightly-export"' in text
    beat.write_text(text.replace('"nightly-export"', '"renamed"'))
    done = migrate(planned, "verify")
    assert done.returncode == 4
    assert "1 call of health.probe_provider gone" in done.stdout
    assert "nightly-export" in done.stdout


def test_plan_says_what_the_readme_says(project):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (line,) = [x for x in readme.splitlines() if x.startswith("migrate.toml written")]
    assert migrate(project, "plan").stdout.splitlines()[0] == line


def test_a_second_plan_changes_nothing(planned):
    text = (planned.root / "migrate.toml").read_text()
    done = migrate(planned, "plan")
    assert "unchanged" in done.stdout
    assert (planned.root / "migrate.toml").read_text() == text


def test_moving_more_later_keeps_the_earlier_jobs(planned):
    """The second apply knows the schedules that the first took out of beat."""
    plan = planned.root / "migrate.toml"
    late = '[tasks."maintenance.cleanup_expired_data"]\naccept = '
    text = plan.read_text()
    assert f'{late}"yes"' in text
    plan.write_text(text.replace(f'{late}"yes"', f'{late}"later"'))
    assert migrate(planned, "apply", "--allow-dirty").returncode == 0
    entries = planned.root / "light_tasks/entries.py"
    assert "cleanup-expired-data" not in entries.read_text()
    planned.commit_all("first half")
    plan.write_text(plan.read_text().replace(f'{late}"later"', f'{late}"yes"'))
    planned.commit_all("and now the cleanup")
    done = migrate(planned, "apply")
    assert done.returncode == 0, done.stderr
    assert "cleanup-expired-data" in entries.read_text()
    assert "system-health-check" in entries.read_text()
    assert migrate(planned, "diff").returncode == 0


def test_a_moved_schedule_is_not_left_to_nobody(planned):
    migrate(planned, "apply")
    planned.commit_all("Move")
    file = planned.root / "migrate.toml"
    before = planned.contents()
    stanza = '[tasks."health.system_health_check"]\naccept = '
    assert stanza + '"yes"' in file.read_text()
    text = file.read_text().replace(stanza + '"yes"', stanza + '"no"')
    file.write_text(text)
    for command in ("diff", "apply"):
        done = migrate(planned, command)
        refused(done, 2, "system-health-check", 'accept = "no"', "back on beat")
    file.write_text(file.read_text().replace(stanza + '"no"', stanza + '"yes"'))
    assert planned.contents() == before


def test_what_the_team_changed_in_generated_code_stays(planned):
    migrate(planned, "apply")
    entries = planned.root / "light_tasks/entries.py"
    entries.write_text(entries.read_text() + "\n# ours\n")
    planned.commit_all("tuned")
    done = migrate(planned, "diff")
    assert "entries.py" not in done.stdout
    assert "light_tasks/entries.py" in done.stderr


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize("command", ["scan", "plan", "diff", "apply"])
def test_no_such_folder(project, command):
    refused(migrate(project, command, "nowhere"), 2, "nowhere")


def test_a_file_is_no_project(project):
    refused(migrate(project, "scan", "pyproject.toml"), 2, "pyproject.toml")


def test_a_folder_without_python(project, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(migrate(project, "scan", str(tmp_path / "empty")), 2, "Python")


def test_a_project_without_celery(project, tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text("a = 1\n")
    done = migrate(project, "scan", str(folder))
    assert done.returncode == 0
    assert "No Celery task" in done.stdout


def test_an_unparsable_file_is_named_and_the_rest_is_scanned(project):
    broken = project.root / "goblin_assistant/broken.py"
    broken.write_text("from celery import shared_task\ndef (\n")
    done = migrate(project, "scan")
    assert done.returncode == 3
    assert "goblin_assistant/broken.py" in done.stdout
    assert "probe_provider" in done.stdout


def test_diff_and_apply_without_a_plan(project):
    before = project.contents()
    refused(migrate(project, "diff"), 2, "migrate plan")
    refused(migrate(project, "apply"), 2, "migrate plan")
    assert project.contents() == before


def test_undo_without_an_apply(project):
    refused(migrate(project, "undo"), 3, "no applied change")


def test_a_dirty_tree_is_refused(planned):
    main = planned.root / "goblin_assistant/main.py"
    main.write_text(main.read_text() + "# mine\n")
    before = planned.contents()
    refused(migrate(planned, "apply"), 3, "goblin_assistant/main.py", "--allow-dirty")
    assert planned.contents() == before
    assert migrate(planned, "apply", "--allow-dirty").returncode == 0
    assert "# mine" in main.read_text()


def test_a_stale_plan_is_refused(planned):
    health = planned.root / "goblin_assistant/tasks/health.py"
    text = health.read_text()
    health.write_text(
        text.replace("db.add(check)", "db.add(check)\n        db.flush()")
    )
    planned.commit_all("changed since")
    before = planned.contents()
    refused(migrate(planned, "diff"), 2, "health.system_health_check", "health.py:")
    refused(migrate(planned, "apply"), 2, "migrate plan")
    assert planned.contents() == before


def test_an_unknown_task_in_the_plan(planned):
    plan = planned.root / "migrate.toml"
    plan.write_text(
        plan.read_text() + '\n[tasks."no.such"]\naccept = "yes"\ntarget = "runner"\n'
    )
    line = plan.read_text().splitlines().index('[tasks."no.such"]') + 1
    refused(migrate(planned, "diff"), 2, "no.such", f"migrate.toml:{line}")


def test_a_wrong_value_in_the_plan(planned):
    plan = planned.root / "migrate.toml"
    plan.write_text(plan.read_text().replace('accept = "yes"', 'accept = "maybe"', 1))
    refused(migrate(planned, "apply"), 2, "migrate.toml:", "'maybe'")


def test_a_read_only_file_leaves_the_tree_as_it_was(planned):
    target = planned.root / "goblin_assistant/tasks/maintenance.py"
    target.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    before = planned.contents()
    done = migrate(planned, "apply", "--allow-dirty")
    refused(done, 3, "maintenance.py", "put back")
    assert planned.contents() == before


def test_a_full_disk_leaves_the_tree_as_it_was(planned):
    """The system refuses a write in the middle, as it does when no space is left."""
    before = planned.contents()
    largest = 200_000  # the journal fits, and is larger than any source file

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    padding = planned.root / "goblin_assistant/tasks/maintenance.py"
    padding.write_text(padding.read_text() + "# " + "x" * largest + "\n")
    planned.commit_all("a large file")
    before = planned.contents()
    done = migrate(planned, "apply", preexec_fn=small_disk)
    refused(done, 3, "cannot be written")
    assert planned.contents() == before


def test_a_module_named_shim_is_in_the_way(planned):
    (planned.root / "shim.py").write_text("x = 1\n")
    refused(migrate(planned, "scan"), 2, "shim.py", "Vendor")


def test_the_name_of_a_task_cannot_write_to_the_terminal(project):
    file = project.root / "goblin_assistant/hostile.py"
    file.write_text(
        "from celery import shared_task\n"
        "@shared_task(name='evil\\x1b[2J\\u202e[bold]')\n"
        "def evil(): pass\n"
    )
    done = migrate(project, "scan")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "evil\\x1b[2J\\u202e[bold]" in done.stdout


def test_no_traceback_when_the_reader_of_the_patch_goes_away(planned):
    command = f"{sys.executable} -m migrator diff | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=planned.root,
        env={**os.environ, **planned.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("diff --git")
    assert "Traceback" not in done.stderr
