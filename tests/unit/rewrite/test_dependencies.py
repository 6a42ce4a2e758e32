"""Dependencies are added behind Celery, and nothing else of the file changes."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest

from migrator._version import __version__
from migrator.model import DefinitionKind, Plan, PlannedSchedule, Target
from migrator.rewrite import dependency_edits
from tests.acceptance.scheduler_project import definition, every, planned

SHIM = f"celery-light-migrate>={__version__}"
NEW = ["apscheduler>=3.11.1,<4", SHIM, "sqlalchemy>=2"]
PLAN = Plan(
    "light_tasks",
    "light_tasks",
    (planned(definition("shop.tick", "tick")),),
    (PlannedSchedule(every(5, "a"), Target.APSCHEDULER),),
)


def edited(text, name="pyproject.toml", plan=PLAN):
    """The file afterwards, the manual steps, and the lines that were added."""
    files = {name: text.encode()}
    result = dependency_edits(plan, tuple(files), files.__getitem__)
    after = result.changes[0].after.decode() if result.changes else text
    before_lines, after_lines = (t.splitlines() for t in (text, after))
    diff = list(difflib.ndiff(before_lines, after_lines))
    assert not [line for line in diff if line.startswith("- ")], after
    added = [line[2:] for line in diff if line.startswith("+ ")]
    return after, result.manual_steps, added


PEP621 = """\
# our project
[project]
name = "shop"
dependencies = [
  # the queue
  "celery[redis]>=5.3",  # pinned for a reason
  "fastapi>=0.110", # web

  "httpx",
]

[tool.x]
celery = "no dependency"
"""


def test_pyproject_keeps_comments_and_layout():
    after, steps, added = edited(PEP621)
    assert [line.strip().rstrip(",").strip('"') for line in added] == NEW
    assert '"celery[redis]>=5.3",  # pinned for a reason\n' in after
    assert (
        after.index("celery[redis]") < after.index("apscheduler") < after.index("web")
    )
    assert steps == ()


def test_what_is_declared_already_is_not_added():
    text = PEP621.replace(
        '"httpx"', '"SQLAlchemy[asyncio]~=2.0", "APScheduler==3.11.3"'
    )
    _, _, added = edited(text)
    assert [SHIM in line for line in added] == [True]
    again, _, none = edited(edited(text)[0])
    assert none == []
    assert again.count("celery-light-migrate") == 1


def test_an_extra_that_declares_celery_gets_them():
    head = '[project]\nname = "x"\n[project.optional-dependencies]\n'
    text = head + 'worker = ["celery>=5"]\nweb = ["flask"]\n'
    files = {"pyproject.toml": text.encode()}
    (change,) = dependency_edits(PLAN, tuple(files), files.__getitem__).changes
    lines = change.after.decode().splitlines()
    assert lines[4] == 'web = ["flask"]'
    assert lines[3].startswith('worker = ["celery>=5"')
    assert all(one in lines[3] for one in NEW)


def test_poetry_tables_are_understood():
    head = '[tool.poetry.dependencies]\npython = "^3.11"\n'
    text = head + 'celery = "^5.3"  # queue\n\n[tool.other]\nx = 1\n'
    after, _, added = edited(text)
    assert 'apscheduler = ">=3.11.1,<4"' in added
    assert after.index("apscheduler") < after.index("[tool.other]")


def test_a_group_of_poetry_gets_them_where_only_it_names_celery():
    text = (
        '[tool.poetry.dependencies]\npython = "^3.11"\nsqlalchemy = "*"\n\n'
        "[tool.poetry.group.workers.dependencies]\n"
        'celery = { version = "^5.3", extras = ["redis"] }  # queue\n\n'
        "[build-system]\nrequires = []\n"
    )
    after, _, added = edited(text)
    assert len(added) == 2  # sqlalchemy is there for all groups
    assert after.index("workers") < after.index("apscheduler") < after.index("build-")
    both = text.replace('python = "^3.11"', 'celery = "^5.3"')
    assert edited(both)[0].index("apscheduler") < edited(both)[0].index("workers")


def test_files_that_requirements_include_are_followed():
    after, steps = of_files(
        {
            "requirements.txt": "-r deps/web.txt\n-c limits.txt\nflask\n",
            "deps/web.txt": "--requirement=queue.txt\n",
            "deps/queue.txt": "celery==5.4\n-r ../requirements.txt\n",
            "limits.txt": "celery==5.4\n",
        }
    )
    assert after == {"deps/queue.txt": queue(*NEW, "-r ../requirements.txt")}
    assert steps == ()


def test_what_an_included_file_declares_is_not_added_again():
    after, _ = of_files(
        {
            "requirements-dev.txt": "-r requirements.txt\ncelery[redis]\npytest\n",
            "requirements.txt": "celery==5.4\n",
        }
    )
    assert after == {"requirements.txt": queue(*NEW)}


@pytest.mark.parametrize(
    "table",
    [
        '[tool.setuptools.dynamic]\ndependencies = { file = ["deps/run.txt"] }\n',
        '[tool.setuptools.dynamic]\ndependencies.file = "deps/run.txt"\n',
        '[tool.setuptools.dynamic.optional-dependencies]\nq.file = ["deps/run.txt"]\n',
        '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["deps/run.txt"]\n',
    ],
)
def test_the_file_of_a_dynamic_list_is_edited(table):
    head = '[project]\nname = "shop"\ndynamic = ["dependencies"]\n\n'
    after, steps = of_files(
        {"pyproject.toml": head + table, "deps/run.txt": "celery==5.4\n"}
    )
    assert after == {"deps/run.txt": queue(*NEW)}
    assert steps == ()


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({}, "None"),
        ({"requirements.txt": "flask\n"}, "None"),
        ({"Pipfile": '[packages]\n# celery\ncelery = "*"\n'}, "Pipfile:3"),
        ({"Dockerfile": "FROM python\nRUN pip install celery\n"}, "Dockerfile:2"),
    ],
)
def test_where_nothing_declares_celery_there_is_a_step(files, place):
    after, (step,) = of_files(files)
    assert after == {}
    assert str(step.location) == place
    assert step.text == f"add {', '.join(NEW)} where your dependencies are declared"


def test_that_step_is_gone_once_it_is_done():
    done = "".join(f"{one}\n" for one in NEW)
    assert of_files({"requirements.txt": done}) == ({}, ())
    (step,) = of_files({"requirements.txt": NEW[0]})[1]
    assert step.text.startswith(f"add {', '.join(NEW[1:])} where")
    moved = replace(PLAN.tasks[0].definition, kind=DefinitionKind.LIGHT)
    plan = replace(PLAN, tasks=(replace(PLAN.tasks[0], definition=moved),))
    assert dependency_edits(plan, (), {}.__getitem__).manual_steps == ()


def test_a_compiled_file_that_has_them_is_left_alone():
    text = "# pip-compile\ncelery==5\n" + "".join(f"{one}\n" for one in NEW)
    assert edited(text, "requirements.txt")[1:] == ((), [])


def of_files(texts):
    """What has changed of several files, and the steps."""
    files = {path: text.encode() for path, text in texts.items()}
    result = dependency_edits(PLAN, tuple(files), files.__getitem__)
    after = {change.path: change.after.decode() for change in result.changes}
    return after, result.manual_steps


def queue(*lines):
    return "".join(f"{line}\n" for line in ("celery==5.4", *lines))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_requirements_keep_their_line_ends(ending):
    text = ending.join(["# web", "fastapi", "celery>=5.3  # queue", "httpx", ""])
    after, _, added = edited(text, "requirements.txt")
    assert added == NEW
    assert after == text.replace(
        f"queue{ending}", f"queue{ending}" + "".join(n + ending for n in NEW)
    )


def test_a_file_that_locks_versions_is_made_by_its_own_tool():
    _, steps, added = edited("celery==5.4.0\n", "requirements-lock.txt")
    assert added == []
    assert "locks versions" in steps[0].reason
    (step,) = edited("flask==3.1.0\n", "requirements-lock.txt")[1]
    assert step.location is None  # nothing to be made again here


def test_a_last_line_without_an_end_stays_one():
    after, _, _ = edited("celery", "requirements/base.txt")
    assert after == "\n".join(["celery", *NEW])


@pytest.mark.parametrize("name", ["celery-types", "django-celery-beat", "celery_once"])
def test_a_neighbour_of_celery_is_not_celery(name):
    assert edited(f"{name}\n", "requirements.txt")[2] == []


def test_a_requirement_of_several_lines_stays_whole():
    text = 'celery==5.4.0 \\\n    ; python_version >= "3.11"\nflask\n'
    after, _, added = edited(text, "requirements.txt")
    assert added == list(NEW)
    assert after.startswith(text.removesuffix("flask\n"))
    assert after.endswith("flask\n")


def test_an_extra_gets_nothing_that_the_project_itself_declares():
    extra = '[project.optional-dependencies]\ndev = ["celery[pytest]>=5"]\n'
    after, _, _ = edited(f"{PEP621}\n{extra}")
    assert after.endswith(extra)
    assert after.count(NEW[0]) == 1


def test_a_dependency_group_gets_them_where_nothing_else_names_celery():
    group = (
        '[dependency-groups]\nworker = [\n  "celery>=5",\n  {include-group = "x"},\n]\n'
    )
    after, _, _ = edited(f'[project]\nname = "x"\ndependencies = []\n\n{group}')
    assert f'"celery>=5",\n  "{NEW[0]}",\n' in after
    assert edited(f"{PEP621}\n{group}")[0].endswith(group)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[options]\ninstall_requires = celery>=5\n", 2),
        ("[options.extras_require]\nworker =\n    celery>=5\n", 3),
        (
            "[options]\ninstall_requires =\n x\n[options.extras_require]\nq =\n celery",
            6,
        ),
    ],
)
def test_celery_in_another_place_of_setup_cfg_is_a_step(text, line):
    after, (step,), _ = edited(text, "setup.cfg")
    assert after == text
    assert str(step.location) == f"setup.cfg:{line}"


def test_setup_cfg_is_extended_in_its_block():
    block = "install_requires =\n    flask\n    # queue\n    celery>=5\n"
    text = f"[options]\n{block}packages = find:\n"
    after, _, added = edited(text, "setup.cfg")
    assert added == [f"    {one}" for one in NEW]
    assert after.endswith("packages = find:\n")


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("requirements.txt", "# autogenerated by pip-compile\ncelery==5.4\n", 2),
        ("requirements.txt", "celery==5.4 --hash=sha256:00\n", 1),
        ("setup.py", "setup(\n  install_requires=['celery>=5'],\n)\n", 2),
    ],
)
def test_what_another_tool_or_a_program_makes_is_a_step(name, text, line):
    _, (step,), added = edited(text, name)
    assert added == []
    assert str(step.location) == f"{name}:{line}"
    assert all(one in step.text for one in NEW)


def test_a_lock_file_is_a_step_once_something_changed():
    files = {"pyproject.toml": PEP621.encode(), "uv.lock": b""}
    result = dependency_edits(PLAN, tuple(files), files.__getitem__)
    assert [step.text for step in result.manual_steps] == ["uv lock"]


def test_only_the_lock_file_of_a_changed_file_is_a_step():
    """Beside it, or above it: a workspace has one at its root."""
    locks = ("uv.lock", "server/app/poetry.lock", "gpu/uv.lock")
    files = {"server/app/pyproject.toml": PEP621.encode()} | dict.fromkeys(locks, b"")
    steps = dependency_edits(PLAN, tuple(files), files.__getitem__).manual_steps
    assert [step.location.path for step in steps] == list(locks[:2])


def test_a_vendored_shim_needs_no_distribution():
    plan = Plan("p", "p", PLAN.tasks, PLAN.schedules, shim_name="shop._shim")
    assert SHIM not in edited("celery\n", "requirements.txt", plan)[2]


def test_nothing_is_added_where_nothing_moves_or_celery_is_not_declared():
    assert edited("celery\n", "requirements.txt", Plan("p", "p"))[2] == []
    assert edited('[project]\nname = "x"\ndependencies = ["flask"]\n')[2] == []
    broken = {"pyproject.toml": b"celery = [\n"}
    result = dependency_edits(PLAN, tuple(broken), broken.__getitem__)
    assert result.changes == ()
    assert len(result.manual_steps) == 1
