"""A project with a module `shim` of its own keeps a copy of ours under another name."""

from __future__ import annotations

import pytest

from tests.acceptance.test_journey import fresh, migrate

COPY = "goblin_assistant/_shim"


@pytest.fixture
def project(tmp_path):
    made = fresh(tmp_path)
    (made.root / "shim.py").write_text("# the project's own\n")
    pyproject = made.root / "pyproject.toml"
    table = '\n[tool.migrate]\nshim = "goblin_assistant._shim"\n'
    pyproject.write_text(pyproject.read_text() + table)
    made.commit_all("a name of its own for the shim")
    return made


def test_the_copy_is_written_imported_and_taken_back(project):
    assert migrate(project, "plan").returncode == 0
    done = migrate(project, "apply")
    assert done.returncode == 0, done.stderr
    assert (project.root / COPY / "outbox" / "sql.py").is_file()
    health = (project.root / "goblin_assistant/tasks/health.py").read_text()
    assert "from goblin_assistant._shim import light_task" in health
    # Nothing of ours but the copy can be imported here.
    project.env["PYTHONPATH"] = str(project.root)
    printed = project.python(
        "-c",
        "from goblin_assistant.tasks.health import probe_provider as task\n"
        "print(type(task).__mro__[0].__name__, task.name)\n"
        "import sys; print('shim' in sys.modules)\n"
        "import goblin_assistant._shim as copy; print(copy.light_task.__module__)\n",
    )
    assert "health.probe_provider" in printed
    assert "False" in printed
    assert "goblin_assistant._shim" in printed
    tests = project.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tests.returncode == 0, tests.stdout[-3000:]


def test_a_second_run_changes_nothing_and_undo_takes_the_copy_back(project):
    before = project.contents()
    migrate(project, "plan")
    assert migrate(project, "apply").returncode == 0
    assert migrate(project, "diff").returncode == 0
    assert migrate(project, "undo").returncode == 0
    (project.root / "migrate.toml").unlink()
    assert project.contents() == before
