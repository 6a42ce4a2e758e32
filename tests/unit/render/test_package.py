"""The generated package: well-formed, stable, and safe from hostile names."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace

import pytest

from migrator.errors import PlanError
from migrator.model import (
    Accept,
    Call,
    DefinitionKind,
    FunctionFacts,
    Location,
    Parameter,
)
from migrator.render import edited_files, refusals, render
from tests.acceptance.scheduler_project import (
    ROOT,
    definition,
    entry,
    every,
    literal,
    planned,
    records,
    write_package,
)

NEW_YORK = {"kind": "crontab", "minute": "*/15", "timezone": "America/New_York"}
ODD = {
    "kind": "crontab",
    "minute": ",".join(str(minute) for minute in range(0, 60, 2)),
    "day_of_week": "mon-fri",
}
TICK = planned(
    definition("shop.tick", "tick"), priority="high", no_overlap=True, grace=30
)


def example():
    return records(
        [
            every(5, "a", options=(literal("expires", 5),)),
            entry("b", NEW_YORK, kwargs=literal("kwargs", {"label": "x" * 50})),
            entry("c", ODD, args=literal("args", ("c",))),
            entry("d", {"kind": "interval", "seconds": 9}, enabled=False),
        ],
        [TICK],
    )


def late(*, value):
    acks_late = (literal("acks_late", value),)
    return planned(definition("shop.tick", "tick", options=acks_late))


def files(plan, inventory, **options):
    changes = render(plan, inventory, existing=lambda _path: None, **options)
    return {change.path: change.after.decode() for change in changes}


def test_everything_parses_and_names_its_purpose():
    for path, text in files(*example()).items():
        if path.endswith(".py"):
            docstring = ast.get_docstring(ast.parse(text))
            assert docstring, path
            assert "ours to change" in docstring or "belongs to this" in docstring, path


def test_neither_the_tool_nor_the_shim_is_imported():
    for path, text in files(*example()).items():
        if not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in getattr(node, "names", [])]
            module = getattr(node, "module", None) or ""
            roots = {name.partition(".")[0] for name in [*names, module]}
            assert not roots & {"migrator", "shim"}, path


def test_only_what_is_needed_is_rendered():
    plan, inventory = records([every(5, "a")])
    assert "light_tasks/triggers.py" not in files(plan, inventory)
    assert "light_tasks/health.py" in files(plan, inventory)
    bare = replace(inventory, frameworks=())
    assert "light_tasks/health.py" not in files(plan, bare)
    for framework in ("django", "flask"):
        text = files(plan, replace(inventory, frameworks=(framework,)))
        assert f"from {framework}" in text["light_tasks/health.py"]


@pytest.mark.parametrize(
    ("task", "again"),
    [
        (planned(definition("shop.tick", "tick")), False),
        (planned(definition("shop.tick", "tick"), may_run_again=True), True),
        (late(value=True), True),
        (late(value=False), False),
    ],
)
def test_a_run_is_repeated_where_celery_or_the_plan_would(task, again):
    text = files(*records([every(5, "a")], [task]))["light_tasks/entries.py"]
    assert ("may_run_again=True" in text) is again


def test_nothing_is_rendered_where_no_schedule_moves():
    plan, inventory = example()
    later = replace(plan, tasks=(replace(TICK, accept=Accept.LATER),))
    assert files(later, inventory) == {}


def test_a_second_run_changes_nothing(tmp_path):
    plan, inventory = example()
    assert write_package(tmp_path, plan, inventory) > 10
    assert write_package(tmp_path, plan, inventory) == 0


def test_what_the_team_has_edited_is_left_alone(tmp_path):
    """Generated code is owned code: a later run must not take an edit back."""
    plan, inventory = example()
    write_package(tmp_path, plan, inventory)
    edited = tmp_path / "light_tasks/logs.py"
    edited.write_text(edited.read_text() + "\n# ours\n")
    other = replace(plan, schedules=plan.schedules[:1])
    assert write_package(tmp_path, other, inventory) > 0
    assert edited.read_text().endswith("# ours\n")
    assert 'id="d"' not in (tmp_path / "light_tasks/entries.py").read_text()

    def existing(path):
        file = tmp_path / path
        return file.read_bytes() if file.exists() else None

    assert edited_files(plan, existing=existing) == ("light_tasks/logs.py",)


def test_a_schedule_never_gets_lost_beside_an_edited_file(tmp_path):
    """It stays on beat while it cannot be written into the team's entries.py."""
    plan, inventory = example()
    fewer = replace(plan, schedules=plan.schedules[:2])
    write_package(tmp_path, fewer, inventory)

    def existing(path):
        file = tmp_path / path
        return file.read_bytes() if file.exists() else None

    assert refusals(plan, inventory, existing=existing) == ()
    edited = tmp_path / "light_tasks/entries.py"
    edited.write_text(edited.read_text() + "\n# ours\n")
    refused = refusals(plan, inventory, existing=existing)
    assert [refusal.name for refusal in refused] == ["c", "d"]
    moved = tuple(replace(schedule, is_moved=True) for schedule in plan.schedules)
    again = replace(plan, schedules=moved)
    assert refusals(again, inventory, existing=existing) == ()


def test_files_that_are_not_needed_any_more_are_deleted(tmp_path):
    plan, inventory = example()
    write_package(tmp_path, plan, inventory)
    fewer = replace(plan, schedules=plan.schedules[:1])
    write_package(tmp_path, fewer, inventory)
    assert not (tmp_path / "light_tasks/triggers.py").exists()
    write_package(tmp_path, replace(plan, schedules=()), inventory)
    assert not list((tmp_path / "light_tasks").rglob("*.*"))


def test_finished_code_has_no_companion_and_the_application_only_while_there_is_one():
    """A job may send a heavy shared task, which finds its broker through the app."""
    plan, inventory = example()
    text = files(plan, inventory, finished=True)["light_tasks/scheduler.py"]
    assert "COMPANIONS: tuple[str, ...] = ()" in text
    assert 'CELERY_APP: str = ""' not in text
    without = files(plan, replace(inventory, apps=()), finished=True)
    assert 'CELERY_APP: str = ""' in without["light_tasks/scheduler.py"]


RETRY = Call("self.retry", Location("shop/tasks.py", 3), resolved=False)
BODY = FunctionFacts("shop.tasks.tick", Location("shop/tasks.py", 1), 1, (RETRY,))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "    tick(*args, **kwargs)"),
        ({"options": (literal("autoretry_for", None),)}, "    tick.delay(*args"),
        (
            {
                "is_bound": True,
                "body": BODY,
                "parameters": (Parameter("self", "positional"),),
            },
            "    tick.delay(*args",
        ),
        ({"kind": DefinitionKind.CLASS}, '    current_app.tasks["shop.tick"](*args'),
        ({"is_async": True}, "    await tick(*args"),
        ({"qualified_name": "shop.tasks.Jobs.tick"}, 'current_app.tasks["shop.tick"]'),
    ],
    ids=str,
)
def test_a_job_calls_its_task_the_way_the_task_needs(changes, expected):
    task = planned(definition("shop.tick", "tick", **changes))
    text = files(*records([every(5, "a")], [task]))
    assert expected in text["light_tasks/jobs/tick.py"]


def test_two_tasks_of_one_name_get_two_modules():
    tasks = [
        planned(definition("a.tick", "tick", module="a.x", qualified_name="a.x.tick")),
        planned(definition("b.tick", "tick", module="b.y", qualified_name="b.y.tick")),
    ]
    entries = [every(5, "a", task="a.tick"), every(5, "b", task="b.tick")]
    text = files(*records(entries, tasks))
    assert "from a.x import tick" in text["light_tasks/jobs/x_tick.py"]
    assert "from b.y import tick" in text["light_tasks/jobs/y_tick.py"]


@pytest.mark.parametrize(
    "options",
    [{"priority": "urgent"}, {"timeout": "30"}, {"timeout": -1}, {"grace": True}],
    ids=str,
)
def test_an_unusable_option_is_named(options):
    plan, inventory = records(
        [every(5, "a")], [planned(definition("shop.tick", "tick"), **options)]
    )
    with pytest.raises(PlanError, match=next(iter(options))):
        files(plan, inventory)


HOSTILE = [
    '"""\nimport os; os.system("x")\n"""',
    "a\\",
    'end"',
    "{{ 7*7 }}",
    "'\"\n\r\x1b[31m",
    "naïve — ключ",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name):
    """Names, arguments and sources come from a stranger's repository."""
    task = planned(definition(name, "tick", kind=DefinitionKind.CLASS))
    given = replace(
        every(5, name, task=name),
        source=name,
        kwargs=literal("kwargs", {name: name}),
    )
    text = files(*records([given], [task]))
    entries = ast.parse(text["light_tasks/entries.py"])
    (call,) = [
        node
        for node in ast.walk(entries)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Entry"
    ]
    values = {word.arg: word.value for word in call.keywords}
    assert ast.literal_eval(values["id"]) == name
    assert ast.literal_eval(values["task"]) == name
    assert ast.literal_eval(values["kwargs"]) == {name: name}
    module = ast.parse(text["light_tasks/jobs/tick.py"])
    kinds = [type(node) for node in module.body]
    assert kinds == [
        ast.Expr,
        ast.ImportFrom,
        ast.ImportFrom,
        ast.ImportFrom,
        ast.FunctionDef,
    ]


@pytest.mark.parametrize(
    ("framework", "finished"),
    [("fastapi", False), ("django", True), ("flask", False)],
)
def test_linter_formatter_and_type_checker_are_content(tmp_path, framework, finished):
    plan, inventory = example()
    tasks = [*plan.tasks, planned(definition("z", "z", is_async=True))]
    entries = [s.entry for s in plan.schedules] + [every(60, "z", task="z")]
    plan, inventory = records(entries, tasks, (framework,))
    write_package(tmp_path, plan, inventory, finished=finished)
    folder = tmp_path / "light_tasks"
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    for command in (
        ["ruff", "check", *settings, str(folder)],
        ["ruff", "format", "--check", *settings, str(folder)],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], check=False, capture_output=True
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
