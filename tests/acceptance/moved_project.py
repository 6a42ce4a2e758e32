"""What the tests of `migrate finish` have in common: projects that have moved."""

from __future__ import annotations

import re
import shutil

from tests.acceptance.test_journey import migrate


def choose(project, choices):
    """Write `callers` into the stanzas of the plan, as a person would."""
    plan = project.root / "migrate.toml"
    text = plan.read_text()
    for name, form in choices.items():
        head = f'[tasks."{name}"]\n'
        assert head in text
        text = text.replace(head, f'{head}callers = "{form}"\n')
    plan.write_text(text)


def moved(project, choices):
    project.commit_all("before")
    assert migrate(project, "plan").returncode == 0
    choose(project, choices)
    project.commit_all("plan")
    done = migrate(project, "apply")
    assert done.returncode == 0, done.stderr
    project.commit_all("applied")
    return project


def copied(project, folder):
    """The project as it stands, in a folder of its own."""
    made = type(project)(folder, project.env["REDIS_URL"])
    shutil.rmtree(made.root)
    shutil.copytree(project.root, made.root)
    return made


def own_tests(project):
    done = project.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    return re.findall(r"(\d+) passed", done.stdout)
