"""Which files belong to a project, what is left out and why, and how they are named."""

from __future__ import annotations

import os
import subprocess

import pytest

from migrator.errors import ProjectError
from migrator.model import FileStatus
from migrator.project import open_project


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def git(root, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(
        ["git", *identity, *words], cwd=root, check=True, capture_output=True
    )


def reasons(project):
    return {outcome.path: outcome.reason for outcome in project.outcomes}


def test_git_lists_tracked_and_new_files_and_not_the_ignored(tmp_path):
    git(tmp_path, "init", "-q")
    write(
        tmp_path,
        {"a.py": "", "b.py": "", "gone.py": "", "out/c.py": "", ".gitignore": "out/\n"},
    )
    git(tmp_path, "add", "a.py", "gone.py", ".gitignore")
    (tmp_path / "gone.py").unlink()
    assert open_project(tmp_path).files == (".gitignore", "a.py", "b.py")


def test_a_folder_below_the_repository_is_a_project_of_its_own(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"service/app/tasks.py": "", "other.py": ""})
    assert open_project(tmp_path / "service").files == ("app/tasks.py",)


def test_an_ignored_folder_is_still_read_when_asked_for(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {".gitignore": "cache/\n", "cache/pkg/tasks.py": ""})
    assert open_project(tmp_path / "cache").files == ("pkg/tasks.py",)


def test_nothing_that_the_repository_configures_is_executed(tmp_path):
    git(tmp_path, "init", "-q")
    marker = tmp_path / "executed"
    git(tmp_path, "config", "core.fsmonitor", f"touch {marker}; false")
    write(tmp_path, {"a.py": ""})
    open_project(tmp_path)
    assert not marker.exists()


def test_variables_of_a_git_hook_do_not_lead_elsewhere(tmp_path, monkeypatch):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a.py": ""})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "none"))
    assert open_project(tmp_path).files == ("a.py",)


def test_a_repository_inside_the_repository_is_listed(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a.py": "", "inner/b.py": ""})
    git(tmp_path / "inner", "init", "-q")
    assert open_project(tmp_path).files == ("a.py", "inner/b.py")


def test_without_git_the_gitignore_files_decide(tmp_path):
    write(
        tmp_path,
        {
            ".gitignore": "*.gen.py\n/build\n",
            "a.py": "",
            "x.gen.py": "",
            "build/b.py": "",
            "deep/.gitignore": "!keep.gen.py\nsecret.py\n",
            "deep/keep.gen.py": "",
            "deep/secret.py": "",
            "deep/build/c.py": "",
        },
    )
    python = [f for f in open_project(tmp_path).files if f.endswith(".py")]
    assert python == ["a.py", "deep/build/c.py", "deep/keep.gen.py"]


def test_installed_and_hidden_code_is_left_out(tmp_path):
    write(
        tmp_path,
        {
            "a.py": "",
            "node_modules/x/a.py": "",
            ".tox/a.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/site.py": "",
            "vendor/site-packages/b.py": "",
        },
    )
    assert open_project(tmp_path).files == ("a.py",)


def test_what_git_tracks_in_such_folders_is_an_outcome(tmp_path):
    git(tmp_path, "init", "-q")
    write(
        tmp_path,
        {"a.py": "", ".ci/a.py": "", "env/pyvenv.cfg": "", "env/lib/site.py": ""},
    )
    project = open_project(tmp_path)
    assert "a.py" in project.files
    assert reasons(project) == {
        ".ci/a.py": "inside a hidden folder or one of installed packages",
        "env/lib/site.py": "inside a virtual environment",
    }


def test_patterns_of_the_configuration_are_outcomes(tmp_path):
    write(tmp_path, {"a.py": "", "legacy/b.py": "", "legacy/keep/c.py": ""})
    project = open_project(tmp_path, exclude=["legacy/*", "!legacy/keep"])
    assert project.files == ("a.py", "legacy/keep/c.py")
    assert reasons(project) == {"legacy/b.py": "excluded by [tool.migrate] exclude"}


@pytest.mark.parametrize("with_git", [True, False])
def test_symbolic_links_are_outcomes(tmp_path, with_git):
    outside = tmp_path / "outside.py"
    outside.write_text("secret = 1")
    root = tmp_path / "project"
    write(root, {"a.py": ""})
    (root / "leaves.py").symlink_to(outside)
    (root / "same.py").symlink_to(root / "a.py")
    (root / "loop.py").symlink_to(root / "loop.py")
    (root / "up").symlink_to(root, target_is_directory=True)
    if with_git:
        git(root, "init", "-q")
    project = open_project(root)
    assert project.files == ("a.py",)
    assert reasons(project) == {
        "leaves.py": "a symbolic link that leads out of the project",
        "same.py": "a symbolic link to a.py",
        "loop.py": "a symbolic link that leads nowhere or in a circle",
    }


def test_a_pipe_is_not_read(tmp_path):
    write(tmp_path, {"a.py": ""})
    os.mkfifo(tmp_path / "pipe.py")
    assert reasons(open_project(tmp_path)) == {"pipe.py": "not a regular file"}


def test_a_name_that_is_not_utf8_is_a_failed_outcome(tmp_path):
    write(tmp_path, {"a.py": ""})
    try:
        with open(os.fsencode(tmp_path) + b"/caf\xe9.py", "wb"):  # noqa: PTH123 - a name in bytes
            pass
    except OSError:
        pytest.skip("this file system refuses such names")
    (outcome,) = open_project(tmp_path).outcomes
    assert outcome.path == "caf\\xe9.py"
    assert outcome.status is FileStatus.FAILED


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root / "missing", "no such folder"),
        (lambda root: write(root, {"x.py": ""}) or root / "x.py", "not a folder"),
        (lambda root: write(root, {"x.txt": ""}) or root, "no Python file"),
    ],
)
def test_what_is_no_project_is_refused(tmp_path, make, words):
    with pytest.raises(ProjectError, match=words):
        open_project(make(tmp_path))


def test_reading_never_leaves_the_root(tmp_path):
    write(tmp_path, {"project/a.py": "x = 1", "secret.py": ""})
    project = open_project(tmp_path / "project")
    assert project.read("a.py") == b"x = 1"
    for path in ("../secret.py", "/etc/hostname", "a/../../secret.py"):
        with pytest.raises(ProjectError):
            project.read(path)


@pytest.mark.parametrize(
    ("files", "path", "name", "root"),
    [
        (["pkg/__init__.py", "pkg/tasks.py"], "pkg/tasks.py", "pkg.tasks", ""),
        (["pkg/__init__.py", "pkg/a/__init__.py"], "pkg/a/__init__.py", "pkg.a", ""),
        (["src/p/__init__.py", "src/p/t.py"], "src/p/t.py", "p.t", "src"),
        (["src/t.py"], "src/t.py", "t", "src"),
        (["t.py"], "t.py", "t", ""),
        (["worker/t.py"], "worker/t.py", "worker.t", ""),
        (["svc/requirements.txt", "svc/t.py"], "svc/t.py", "t", "svc"),
        (
            ["web/manage.py", "web/app/models.py"],
            "web/app/models.py",
            "app.models",
            "web",
        ),
        (["a/b/__init__.py", "a/b/t.py"], "a/b/t.py", "b.t", "a"),
        (["p/__init__.py", "p/setup.py", "p/x/t.py"], "p/x/t.py", "p.x.t", ""),
        (["manage.py", "__init__.py", "t.py"], "t.py", "t", ""),
    ],
)
def test_module_names(tmp_path, files, path, name, root):
    write(tmp_path, dict.fromkeys(files, ""))
    project = open_project(tmp_path)
    assert (project.module_name(path), project.source_root(path)) == (name, root)


def test_imports_decide_how_far_a_name_goes(tmp_path):
    """Without `onyx/__init__.py` only the imports tell that `onyx` is in the name."""
    write(
        tmp_path,
        {
            "backend/onyx/jobs/__init__.py": "",
            "backend/onyx/jobs/tasks.py": "from onyx.jobs import names",
            "backend/onyx/jobs/names.py": "",
            "backend/pyproject.toml": "",
        },
    )
    project = open_project(tmp_path)
    assert project.module_name("backend/onyx/jobs/tasks.py") == "onyx.jobs.tasks"
    assert project.source_root("backend/onyx/jobs/tasks.py") == "backend"


def test_a_package_opened_from_inside_keeps_its_name(tmp_path):
    write(
        tmp_path, {"top/__init__.py": "", "top/low/__init__.py": "", "top/low/t.py": ""}
    )
    assert open_project(tmp_path / "top" / "low").module_name("t.py") == "top.low.t"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("app/tests/factories.py", True),
        ("test/x.py", True),
        ("app/test_tasks.py", True),
        ("app/tasks_test.py", True),
        ("conftest.py", True),
        ("app/tests.py", True),
        ("app/contest.py", False),
        ("app/latest.py", False),
        ("testing_tools/run.py", False),
    ],
)
def test_the_path_tells_a_test(tmp_path, path, answer):
    write(tmp_path, {path: ""})
    assert open_project(tmp_path).is_test(path) is answer
