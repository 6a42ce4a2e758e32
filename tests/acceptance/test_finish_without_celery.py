"""What a finish leaves of an all-light project: it runs without Celery."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.acceptance.moved_project import copied, moved, own_tests
from tests.acceptance.test_journey import migrate
from tests.servers import free_port, wait_for_port, wait_until
from tests.tidy import TidyShop, python_without_celery

CHOICES = {"shop.tasks.write_receipt": "background", "shop.journal": "direct"}


@pytest.fixture(scope="module")
def moved_shop(tmp_path_factory, redis_url):
    return moved(TidyShop(tmp_path_factory.mktemp("shop"), redis_url), CHOICES)


@pytest.fixture
def shop(moved_shop, tmp_path):
    return copied(moved_shop, tmp_path)


def shown_in_the_docs():
    page = Path(__file__).parents[2] / "docs" / "how-to" / "finish.md"
    (block,) = re.findall(r"```text\n(.*?)```", page.read_text(), re.DOTALL)
    return block.splitlines()


def finished(shop):
    done = migrate(shop, "finish", "--all")
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.redis
def test_nothing_imports_the_shim_and_everything_left_is_listed(shop):
    passed = own_tests(shop)
    done = finished(shop)
    for place in (
        "Procfile:2",
        "Procfile:3",
        "pyproject.toml:7",
        "shop/celery_app.py:",
    ):
        assert place in done.stderr
    for line in shown_in_the_docs():
        assert line in done.stderr
    sources = [path.read_text() for path in shop.root.rglob("*.py")]
    assert not [text for text in sources if re.search(r"\bshim\b", text)]
    assert own_tests(shop) == passed
    verified = migrate(shop, "verify")
    assert verified.returncode == 0, verified.stdout
    assert migrate(shop, "diff").returncode == 0
    assert migrate(shop, "status").returncode == 0


@pytest.mark.redis
def test_it_runs_where_celery_is_not_installed(shop, tmp_path):
    """Its tests, its web application and its scheduler."""
    finished(shop)
    (shop.root / "shop/celery_app.py").unlink()  # as the list of what is left says
    shop.executable = str(python_without_celery(tmp_path / "venv"))
    # Neither our source nor an installed shim may be in reach.
    shop.env = shop.env | {"PYTHONPATH": str(shop.root)}
    shop.env.pop("REDIS_URL")
    for name in ("celery", "kombu", "shim", "migrator"):
        assert "ModuleNotFoundError" in shop.run("-c", f"import {name}").stderr
    own_tests(shop)
    port = free_port()
    with (
        shop.running("uvicorn", "shop.main:app", f"--port={port}") as web,
        shop.running("light_tasks.scheduler"),
    ):
        wait_for_port(port, web)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            number = client.post("/orders?user=ann").json()["id"]
            receipt = f"order {number}, paid in EUR"
            order = {"user": "ann", "receipt": receipt}
            wait_until(lambda: client.get(f"/orders/{number}").json() == order)
            shop.execute("insert into carts (user, age) values ('bob', 31)")
            wait_until(lambda: "1 carts let go" in client.get("/journal").json(), 30)
            wait_until(lambda: client.get("/health/scheduler").status_code == 200)
