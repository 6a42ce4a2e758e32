"""What is to be done by hand so that the generated proof is run with other tests."""

from __future__ import annotations

import pytest

from migrator.render import manual_steps
from tests.acceptance.scheduler_project import every, records

IN_TESTS = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'


def steps(texts):
    plan, inventory = records([every(5, "a")])
    held = {name: text.encode() for name, text in texts.items()}
    found = manual_steps(plan, inventory, existing=held.get)
    return [
        (step.location.path, step.location.line, step.text)
        for step in found
        if step.location is not None
    ]


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("pyproject.toml", IN_TESTS, 2),
        ("pyproject.toml", 'testpaths = [\n  "a/tests",\n  "b",\n]\n', 1),
        ("pytest.ini", "[pytest]\naddopts = -q\ntestpaths = tests unit\n", 3),
        ("setup.cfg", "[tool:pytest]\ntestpaths =\n    tests\n    unit\n", 2),
    ],
)
def test_a_pytest_that_looks_elsewhere_is_told_of_the_proof(file, text, line):
    (path, number, action) = steps({file: text})[0]
    assert (path, number) == (file, line)
    assert action == 'add "light_tasks" to these folders'


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"pyproject.toml": "[tool.pytest.ini_options]\n"},
        {"pyproject.toml": 'testpaths = ["tests", "light_tasks"]\n'},
        {"pyproject.toml": 'testpaths = ["."]\n'},
        {"setup.cfg": "[tool:pytest]\ntestpaths =\n    tests\n    light_tasks/\n"},
        {"pytest.ini": "testpaths = light_tasks\n", "pyproject.toml": IN_TESTS},
    ],
    ids=str,
)
def test_one_that_finds_it_is_left_alone(texts):
    assert steps(texts) == []
