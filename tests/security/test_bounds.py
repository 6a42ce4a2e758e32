"""What is planted under a name that the tool asks for: named, and never waited for."""

from __future__ import annotations

import os

import pytest

from migrator.reading import MOST_BYTES

DEEP = b"[" * 100_000
TASKS = """
from celery import Celery
from celery.schedules import crontab
app = Celery("shop")

@app.task
def tidy():
    Row.objects.filter(id=1).delete()

app.conf.beat_schedule = {
    "nightly": {"task": "shop.tasks.tidy", "schedule": crontab(minute=1, hour=3)}
}
"""


@pytest.fixture
def shop(tmp_path):
    root = tmp_path / "project"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "tasks.py").write_text(TASKS)
    return root


def as_pipe(path):
    os.mkfifo(path)


def as_device(path):
    path.symlink_to("/dev/zero")


def as_deep(path):
    head = {"pyproject.toml": b"a = ", "migrate.toml": b"format = 1\na = "}
    path.write_bytes(head.get(path.name, b"") + DEEP)


def as_huge(path):
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # a hole: it takes no room


@pytest.mark.parametrize("plant", [as_pipe, as_device, as_deep, as_huge])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pyproject.toml", "scan"),
        ("migrate-evidence.json", "scan"),
        ("migrate.toml", "plan"),
        ("migrate.toml", "diff"),
        (".migrate/journal.json", "undo"),
    ],
)
def test_what_is_no_ordinary_file_is_named(shop, migrate, name, command, plant):
    path = shop / name
    path.parent.mkdir(exist_ok=True)
    plant(path)
    code, _, error = migrate(shop, command)
    assert code in {2, 3}
    assert path.name in error


def test_a_deep_manifest_fails_its_check(shop, migrate):
    assert migrate(shop, "plan")[0] == 0
    plan = shop / "migrate.toml"
    plan.write_text(plan.read_text().replace('"apscheduler"', '"cronjob"'))
    assert migrate(shop, "apply")[0] == 0
    (shop / "light_tasks/k8s/base/more.yaml").write_bytes(DEEP)
    code, out, _ = migrate(shop, "verify")
    assert code == 4
    assert "more.yaml:1: cannot be read as YAML" in out


def test_deep_and_many_folders_are_walked(shop, migrate):
    deep = shop
    for _ in range(200):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "tasks.py").write_text(TASKS)
    code, out, _ = migrate(shop, "scan")
    assert code == 1
    assert "2 tasks" in out


@pytest.mark.parametrize("folder", ["../outside", "/tmp/outside", "a/../../outside"])
def test_generated_code_stays_in_the_project(shop, migrate, folder):
    (shop / "pyproject.toml").write_text(f"[tool.migrate]\npackage_path = '{folder}'\n")
    code, _, error = migrate(shop, "plan")
    assert (code, "inside the project" in error) == (2, True)


@pytest.mark.parametrize("name", ["light_tasks", "shop", ".migrate", "shop/tasks.py"])
def test_no_link_leads_a_write_out(shop, migrate, tmp_path, name):
    """Planted after the plan was made, where the next command writes."""
    assert migrate(shop, "plan")[0] == 0
    outside = tmp_path / "outside"
    path = shop / name
    if path.exists():
        path.rename(outside)
    else:
        outside.mkdir()
    path.symlink_to(outside)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    code, _, error = migrate(shop, "apply")
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert code != 0 or "Nothing to change" in error
    lock = shop / ".migrate" / "lock"
    assert {**after, lock: b""} == {**before, lock: b""}


def test_a_planted_temporary_file_is_not_followed(shop, migrate, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    for name in (".migrate.toml.migrate-new", ".migrate-evidence.json.migrate-new"):
        (shop / name).symlink_to(outside)
    (shop / "migrate-evidence.json.new").symlink_to(outside)
    figures = tmp_path / "figures.csv"
    figures.write_text(
        "name,count,p50,p95,max,failures,retries\nshop.tasks.tidy,99,1,2,3,0,0\n"
    )
    assert migrate(shop, "evidence", "import", str(figures), "--window", "7d")[0] == 0
    assert migrate(shop, "plan")[0] == 0
    assert outside.read_text() == "untouched"


@pytest.mark.parametrize("path", ["../victim", "/tmp/victim"])
@pytest.mark.parametrize("key", ["path", "new_folders"])
def test_a_planted_journal_puts_nothing_back_elsewhere(shop, migrate, path, key):
    (shop / ".migrate").mkdir()
    entry = {"path": "x", "before": "eA==", "after": None, "mode": 420}
    entry |= {"new_folders": [], key: path if key == "path" else [path]}
    import json

    journal = {"state": "writing", "entries": [entry]}
    (shop / ".migrate" / "journal.json").write_text(json.dumps(journal))
    code, _, error = migrate(shop, "plan")
    assert (code, "journal" in error) == (3, True)
    assert not (shop.parent / "victim").exists()
