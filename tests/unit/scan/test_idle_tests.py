"""Test functions that say nothing of a task cost nothing; all others are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrator.model import CallKind
from migrator.project import open_project
from migrator.scan.engine import Scan
from migrator.scan.idle_tests import without_idle_tests
from migrator.scan.project_tests import is_test_module

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
from celery import Celery

app = Celery("shop")


@app.task(name="mails.dispatched")
def send(): ...
"""
ELSEWHERE = "from shop.work import send as post\n"
HELPERS = """\
from shop.work import app


@app.task
def only_in_tests(): ...
"""
TESTS = """\
from unittest.mock import patch

from shop import work as w
from shop.passing import post
from celery import chain as together
from fastapi import FastAPI as Api
from tests.test_a_tasks import only_in_tests

shortcut = w.send


def test_is_idle(client):
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("a", [1])
async def test_is_idle_too(client, a):
    assert [x.y(a) for x in client.all()]


def test_calls_an_alias():
    shortcut()


def test_calls_what_is_passed_on():
    post()


def test_names_the_task_as_data(queue):
    queue.put("mails.dispatched")


def test_patches_what_is_passed_on():
    with patch("shop.passing.post"):
        pass


def test_composes(one):
    together(one).apply()


def test_serves():
    web = Api()


def test_calls_a_task_of_the_tests():
    only_in_tests()


def test_uses_the_application():
    w.app.control.purge()
"""


def _project(root: Path) -> Path:
    files = {
        "shop/__init__.py": "",
        "shop/work.py": APP,
        "shop/passing.py": ELSEWHERE,
        "tests/__init__.py": "",
        "tests/test_a_tasks.py": HELPERS,
        "tests/test_z_uses.py": TESTS,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_nothing_is_lost_by_it(tmp_path: Path) -> None:
    """Whatever a test function does to a task, it is found as without the shortcut."""
    project = open_project(_project(tmp_path))
    short = Scan(project).run()
    assert short == Scan(project, reads_tests_whole=True).run()
    kinds = {site.kind for site in short.call_sites}
    assert kinds >= {CallKind.DIRECT, CallKind.MOCK, CallKind.VALUE, CallKind.CONTROL}
    found = {site.enclosing.rpartition(".")[2] for site in short.call_sites}
    assert "test_calls_a_task_of_the_tests" in found
    assert short.web_apps


@pytest.mark.parametrize("package", [".", " . ", ".."])
def test_a_name_that_is_taken_from_the_package_around(
    tmp_path: Path, package: str
) -> None:
    """`from . import send` does not write the module that defines it."""
    below = tmp_path / "shop" / ("below" if package == ".." else "")
    below.mkdir(parents=True)
    (below / "__init__.py").touch()
    (tmp_path / "shop/__init__.py").write_text(APP, encoding="utf-8")
    text = f"from {package} import send\n\n\ndef go():\n    send()\n"
    (below / "other.py").write_text(text, encoding="utf-8")
    (site,) = Scan(open_project(tmp_path)).run().call_sites
    assert (site.kind, site.task) == (CallKind.DIRECT, "mails.dispatched")


def test_only_what_is_idle_is_emptied() -> None:
    short = without_idle_tests(TESTS, frozenset({b"post", b"shortcut"}))
    assert "status_code" not in short
    assert "def test_is_idle(): pass" in short
    assert "parametrize" not in short
    assert "    post()" in short
    assert short.count("\n") == TESTS.count("\n")
    names = [line.split("(")[0] for line in short.split("\n") if "def test" in line]
    assert len(names) == TESTS.count("def test")


KEPT = {
    "a word of Celery's": "def test_a():\n    x.delay()\n",
    "a schedule": "def test_a():\n    x = {'schedules': 1}\n",
    "a known name": "def test_a():\n    send()\n",
    "a known name in a decorator": "@send\ndef test_a():\n    x()\n",
    "a name of several words": "def test_a():\n    x('mails.send')\n",
    "a class": "def test_a():\n    class X: ...\n",
    "a text of several lines": 'def test_a():\n    x = """\n\n"""\n',
    "a continued line": "x = 'one \\\ndef test_a(): y()'\n",
    "a decorator over the margin": "@x(\n1)\ndef test_a():\n    y()\n",
    "no function": "test_a = 1\n",
    "no test": "def tested():\n    x()\n",
    "a method": "class A:\n    def test_a(self):\n        x()\n",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_in_doubt_it_is_kept(text: str) -> None:
    assert without_idle_tests(text, frozenset({b"send"})) == text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop/tests/test_mail.py", True),
        ("tests/deep/mail_test.py", True),
        ("tests/conftest.py", False),
        ("tests/factories.py", False),
        ("shop/test_connection.py", False),
    ],
)
def test_only_what_a_test_runner_imports(path: str, expected: object) -> None:
    assert is_test_module(path) is expected


def test_a_torn_text_is_read_whole(tmp_path: Path) -> None:
    """Brackets that end at the margin hide where a function ends."""
    text = "from celery import x\n\n\ndef test_a():\n    y = [\n1,\n    ]\n    send()\n"
    root = _project(tmp_path)
    (root / "tests/test_torn.py").write_text(text, encoding="utf-8")
    inventory = Scan(open_project(root)).run()
    status = {one.path: one.status.value for one in inventory.files}
    assert status["tests/test_torn.py"] == "parsed"
