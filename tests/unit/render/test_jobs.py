"""Names of generated modules: one for each task, whatever the tasks are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.render.jobs import jobs_of, module_names
from tests.acceptance.scheduler_project import definition, planned


def task(module, function, name=""):
    made = definition(name or f"{module}.{function}", function)
    return replace(made, module=module)


def test_a_module_is_named_after_the_function():
    assert module_names([task("shop.tasks", "send"), task("shop.tasks", "tick")]) == {
        "shop.tasks.send": "send",
        "shop.tasks.tick": "tick",
    }


def test_the_file_tells_functions_of_one_name_apart():
    assert module_names([task("shop.mails", "send"), task("shop.texts", "send")]) == {
        "shop.mails.send": "mails_send",
        "shop.texts.send": "texts_send",
    }


def test_the_app_tells_them_apart_where_each_has_its_tasks_py():
    assert module_names(
        [task("shop.tasks", "send"), task("billing.tasks", "send")]
    ) == {
        "shop.tasks.send": "shop_tasks_send",
        "billing.tasks.send": "billing_tasks_send",
    }


@pytest.mark.parametrize(
    "tasks",
    [
        [task("a.b", "c"), task("d.b", "c"), task("e.a.b", "c"), task("x", "b_c")],
        [task("a.b_c", "f"), task("a.b.c", "f"), task("a_b", "c_f")],
        [task("shop.tasks", "send", "first"), task("shop.tasks", "send", "second")],
    ],
)
def test_no_two_tasks_share_a_module(tasks):
    names = module_names(tasks)
    assert names.keys() == {each.name for each in tasks}
    assert len(set(names.values())) == len(tasks)


def test_each_of_two_tasks_of_one_name_has_the_job_that_calls_it():
    tasks = [planned(task(f"{app}.tasks", "send")) for app in ("shop", "billing")]
    jobs = jobs_of(tasks, finished=True)
    for app in ("shop", "billing"):
        content = jobs[f"{app}.tasks.send"].content.decode()
        assert f"from {app}.tasks import send" in content
