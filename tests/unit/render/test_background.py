"""Generated endpoints: from real source to files that a strict reader accepts."""

from __future__ import annotations

import ast
import importlib
import sys
from dataclasses import replace

import pytest
from fastapi import FastAPI

from migrator.errors import PlanError
from migrator.model import Accept, Target
from migrator.render import manual_steps, refusals, render
from tests.acceptance.background_project import (
    GOOD,
    inventory_of,
    planned,
    write_package,
    write_source,
)


@pytest.fixture
def folder(tmp_path):
    write_source(tmp_path)
    return tmp_path


def reader(folder):
    def existing(path):
        file = folder / path
        return file.read_bytes() if file.exists() else None

    return existing


def files(folder, plan):
    changes = render(plan, inventory_of(folder), existing=reader(folder))
    return {change.path: change.after.decode() for change in changes}


def refused(folder, source, frameworks=("fastapi",)):
    """The reasons for a tasks module with this text below its usual head."""
    head = "from celery import Celery\napp = Celery('shop')\n"
    (folder / "shop" / "tasks.py").write_text(head + source)
    inventory = replace(inventory_of(folder), frameworks=frameworks)
    names = tuple(task.function for task in inventory.tasks)
    plan = planned(folder, names)
    return [r.reason for r in refusals(plan, inventory, existing=reader(folder))]


def test_every_file_says_what_it_is_for_and_imports_neither_tool_nor_shim(folder):
    for path, text in files(folder, planned(folder, GOOD)).items():
        if not path.endswith(".py"):
            continue
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path
        for node in ast.walk(tree):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = [alias.name for alias in getattr(node, "names", [])]
            module = getattr(node, "module", None) or ""
            roots = {name.partition(".")[0] for name in [*names, module]}
            assert not roots & {"migrator", "shim"}, path


def test_the_body_is_the_signature(folder):
    text = files(folder, planned(folder, GOOD))["light_tasks/calls/everything.py"]
    for field in (
        "    count: int\n",
        "    when: dt.datetime\n",
        "    points: list[Point]\n",
        "    maybe: int | None = None\n",
        "    colour: Colour = Colour.BLUE\n",
        "    limit: int = MOST\n",
        "    wait: dt.timedelta = dt.timedelta(seconds=5)\n",
        '    schema_: dict[str, Any] = Field(default={}, alias="schema")\n',
        "    other_key: uuid.UUID | None = None\n",
        "\nimport uuid  # noqa: TC003 - pydantic reads it\n",
        "    late: Address | None = None\n",
        "        arguments.count,\n",
        "        flag=arguments.flag,\n",
    ):
        assert field in text


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("*values: int", "`*values` has no fixed shape"),
        ("**more", "`**more` has no fixed shape"),
        ("row: Row", "has no pydantic model, dataclass, enum or TypedDict 'Row'"),
        ("rows: list[Row]", "has no pydantic model, dataclass, enum or TypedDict"),
        ("thing: Unknown", "has no pydantic model, dataclass, enum or TypedDict"),
        ("stream: io.BytesIO", "there is no pydantic model"),
        ("call: (lambda: int)", "is no type that JSON can carry"),
        ("value: int = compute()", "`compute` is no name of its module"),
        ("value: int = [1][0]", "is no plain value"),
        ("value: int = router", "`router` means something else in the endpoint"),
    ],
)
def test_what_cannot_come_through_json_is_refused_with_its_name(
    folder, signature, reason
):
    above = "import io\nfrom shop.schemas import Row\nrouter = 1\n@app.task\n"
    source = f"{above}def work({signature}): pass\n"
    (found,) = refused(folder, source)
    assert reason in found
    assert 'target = "runner"' in found


@pytest.mark.parametrize(
    "source",
    [
        "@app.task(bind=True)\ndef work(self):\n    raise self.retry()\n",
        "@app.task(autoretry_for=(OSError,))\ndef work(): pass\n",
        "@app.task(bind=True)\ndef work(self):\n    print(self.request.id)\n",
    ],
)
def test_a_task_that_counts_its_attempts_has_no_endpoint(folder, source):
    (found,) = refused(folder, source)
    assert "counts its attempts" in found


def test_there_is_no_endpoint_without_fastapi(folder):
    source = "@app.task\ndef work(): pass\n"
    assert refused(folder, source) == []
    (found,) = refused(folder, source, frameworks=("django",))
    assert "no FastAPI application" in found


def test_models_are_recognised_through_aliases_and_bases(folder):
    (folder / "shop" / "base.py").write_text(
        "from pydantic import BaseModel as Base\nclass Ours(Base):\n    x: int = 1\n"
    )
    (folder / "shop" / "types.py").write_text(
        "from shop import base\nfrom typing import Union\n"
        "class Item(base.Ours): pass\nItems = Union[Item, list[Item]]\n"
    )
    source = (
        "import shop.types as kinds\nfrom .types import Items\n"
        "@app.task\ndef work(a: kinds.Item, b: 'Items', c: int = None): pass\n"
    )
    assert refused(folder, source) == []
    text = files(folder, planned(folder, ("work",)))["light_tasks/calls/work.py"]
    assert "import shop.types as kinds" in text
    assert "from shop.types import Items" in text
    assert "    c: int | None = None\n" in text


def test_an_endpoint_beside_another_target_has_the_path_of_its_option(folder):
    plan = planned(folder, ("clean",), clean={"endpoint": "/cleanup"})
    runner = replace(plan.tasks[0], target=Target.RUNNER)
    text = files(folder, replace(plan, tasks=(runner,)))["light_tasks/calls/clean.py"]
    assert '@router.post("/cleanup"' in text
    assert '@router.get("/cleanup/status", responses=' in text
    without = replace(runner, options={})
    assert files(folder, replace(plan, tasks=(without,))) == {}
    with pytest.raises(PlanError, match="counts its attempts"):
        refusals(
            replace(
                planned(folder, ("attempts",), attempts={"endpoint": True}),
                tasks=tuple(
                    replace(task, target=Target.RUNNER)
                    for task in planned(
                        folder, ("attempts",), attempts={"endpoint": True}
                    ).tasks
                ),
            ),
            inventory_of(folder),
            existing=reader(folder),
        )


@pytest.mark.parametrize("path", ["cleanup", "/a b", "/{id}", "//", 3, '/x"'])
def test_a_path_that_is_none_is_refused(folder, path):
    with pytest.raises(PlanError, match="option endpoint"):
        files(folder, planned(folder, ("clean",), clean={"endpoint": path}))


def test_two_endpoints_cannot_have_one_path(folder):
    one = {"endpoint": "/x"}
    with pytest.raises(PlanError, match="same endpoint"):
        files(folder, planned(folder, ("clean", "fail"), clean=one, fail=one))


def test_nothing_is_rendered_for_what_does_not_move(folder):
    plan = planned(folder, GOOD)
    tasks = tuple(replace(task, accept=Accept.LATER) for task in plan.tasks)
    assert files(folder, replace(plan, tasks=tasks)) == {}


def test_a_second_run_changes_nothing(folder):
    plan = planned(folder, GOOD)
    write_package(folder, plan)
    assert files(folder, plan) == {}


def test_the_router_refuses_to_be_open(folder, monkeypatch):
    write_package(folder, planned(folder, ("clean",)))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}/jobs.db")
    before = set(sys.modules)
    try:
        api_router = importlib.import_module("light_tasks.api_router")
        with pytest.raises(RuntimeError, match="open to everybody"):
            api_router.create_router()
        for in_schema, count in ((False, 0), (True, 3)):
            app = FastAPI()
            app.include_router(
                api_router.create_router(allow_anonymous=True, in_schema=in_schema)
            )
            assert len(app.openapi()["paths"]) == count
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {"light_tasks", "shop"}:
                del sys.modules[name]


def test_the_step_to_include_the_router_names_the_place_until_it_is_done(folder):
    plan, inventory = planned(folder, ("clean",)), inventory_of(folder)
    (folder / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    inventory = inventory_of(folder)
    (step,) = manual_steps(plan, inventory, existing=reader(folder))
    assert str(step.location) == "main.py:2"
    assert "app.include_router(create_router(authorize=bearer_token))" in step.text
    (folder / "main.py").write_text(
        "from fastapi import FastAPI\nfrom light_tasks.api_router import create_router"
        "\napp = FastAPI()\n"
    )
    assert manual_steps(plan, inventory_of(folder), existing=reader(folder)) == ()
