"""Rules of the source itself, and of the files and texts that it makes."""

from __future__ import annotations

import ast
import json
import os
import re
import sqlite3
import stat
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from migrator.render.environment import rendered
from migrator.shown import printable, shareable, without_secrets
from shim.message import Message
from shim.outbox.choice import open_outbox

ROOT = Path(__file__).parents[2]
FOLDERS = ("migrator", "shim", "templates")
SOURCES = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
# file: what it may do that no other may, for a reason that stands in it.
MAY = {
    "migrator/scan/cache.py": {"pickle"},  # its own file, by its owner and a digest
    "migrator/schedules/stored_shelve.py": {"pickle"},  # an unpickler that is inert
    "migrator/schedules/triggers.py": {"eval"},  # an expression of numbers of ours
    "templates/apscheduler/store.py": {"pickle"},  # APScheduler's own rows
}
FORBIDDEN = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle"),
    *("eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"),
    *("yaml.full_load", "subprocess.getoutput", "shell=True"),
}


def deeds(tree):
    """Imports, calls and arguments that FORBIDDEN could name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            yield from (ast.unparse(word) for word in node.keywords)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(path):
    name = path.relative_to(ROOT).as_posix()
    found = set(deeds(ast.parse(path.read_text(encoding="utf-8"))))
    assert not found & FORBIDDEN - MAY.get(name, set())


def test_the_outbox_is_a_file_of_its_owner_and_holds_json(tmp_path):
    path = tmp_path / "outbox.sqlite3"
    outbox = open_outbox(f"sqlite:///{path}")
    body = json.dumps([[1], {}, {}])
    outbox.put([Message("1", "shop.tidy", None, json.dumps({"id": "1"}), body)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as connection:
        (row,) = connection.execute("SELECT * FROM light_outbox").fetchall()
    outbox.close()
    assert not any(isinstance(value, bytes) for value in row)
    assert body in row


def test_the_generated_database_is_a_file_of_its_owner(tmp_path, monkeypatch):
    """Whatever the umask is."""
    source = rendered("apscheduler/config.py.j2", namespace="light_tasks")
    made = {"__name__": "config"}
    exec(compile(source, "config.py", "exec"), made)
    path = tmp_path / "light.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    before = os.umask(0)
    try:
        with made["engine"]().connect() as connection:
            connection.exec_driver_sql("CREATE TABLE row (id INTEGER)")
    finally:
        os.umask(before)
        made["engine"]().dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@host/0", "redis://:***@host/0"),
        ("broker='amqp://guest:guest@mq//'", "broker='amqp://guest:***@mq//'"),
        ("f'redis://:{PASSWORD}@host'", "f'redis://:{PASSWORD}@host'"),
        ("http://localhost:8000/@me", "http://localhost:8000/@me"),
        ("pay.delay(1, api_key='sk-live')", "pay.delay(1, api_key='***')"),
        ('{"password": "a\\"b", "a": "b"}', '{"password": "***", "a": "b"}'),
        ('token: str = "x"', 'token: str = "***"'),
        ("settings['SECRET_KEY'] = b'x'", "settings['SECRET_KEY'] = b'***'"),
        ("os.environ['DB_PASSWORD']", "os.environ['DB_PASSWORD']"),
        ("refresh_token.delay('user')", "refresh_token.delay('user')"),
        ("{'task': 'app.tokens', 'args': 1}", "{'task': 'app.tokens', 'args': 1}"),
    ],
)
def test_secrets_are_taken_out_of_texts(text, shown):
    assert without_secrets(text) == shown
    assert printable(text) == shown


def test_secrets_are_taken_out_of_documents():
    setting = {"name": "redis_password", "value": "x", "source": "'x'"}
    setting["is_literal"] = True
    entry = {"name": "refresh-tokens", "source": "crontab()", "kwargs": {"token": "x"}}
    assert shareable([setting, entry]) == [
        setting | {"value": "***", "source": "***"},
        entry | {"kwargs": {"token": "***"}},
    ]


def test_dependencies_are_bounded():
    """By a lowest version; the data of time zones is best as new as it can be."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"].values()
    for requirement in [*project["dependencies"], *(r for e in extras for r in e)]:
        assert ">=" in requirement or requirement == "tzdata", requirement


def test_every_promise_names_a_test_that_is_there():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    named = [re.findall(r"`(tests/[^`]+)`", row) for row in rows]
    assert sum(map(bool, named)) == len(rows) - 3  # the heads of three tables
    for path in (path for paths in named for path in paths):
        assert (ROOT / path).is_file(), path


def test_git_is_asked_in_one_place():
    """So that no way of asking it can forget to switch programs off."""
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if '["git"' in path.read_text(encoding="utf-8")
    }
    assert asking == {"migrator/git.py"}
