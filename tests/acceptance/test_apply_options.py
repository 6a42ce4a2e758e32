"""A part of the plan, a commit for each task, a release that is switched later."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.test_journey import migrate, refused
from tests.goblin import CELERY
from tests.servers import wait_until

CARTS, RECEIPT, JOURNAL = (
    "shop.tasks.let_carts_go",
    "shop.tasks.write_receipt",
    "shop.journal",
)


def source(project):
    return (project.root / "shop/tasks.py").read_text()


# ------------------------------------------------------------------- selection


def test_one_task_moves_and_the_others_wait(shop):
    done = migrate(shop, "apply", "--task", JOURNAL)
    assert done.returncode == 0, done.stderr
    assert source(shop).count("@light_task") == 1
    assert "let-carts-go" in (shop.root / "shop/celery_app.py").read_text()
    plan = (shop.root / "migrate.toml").read_text()
    assert plan.count('accept = "yes"') == 3
    assert "moved = true" not in plan
    assert migrate(shop, "verify").returncode == 4  # two are still to move
    shop.commit_all("one")
    assert migrate(shop, "apply").returncode == 0
    assert source(shop).count("@light_task") == 3
    assert migrate(shop, "diff").returncode == 0


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        (["--target", "apscheduler"], 1),
        (["--target", "runner"], 1),
        (["--target", "background"], 1),
        (["--path", "shop"], 3),
        (["--path", "shop/tasks.py", "--task", RECEIPT], 1),
        (["--path", "other"], 0),
    ],
)
def test_diff_of_a_part(shop, flags, count):
    done = migrate(shop, "diff", *flags)
    assert done.returncode == (1 if count else 0)
    assert done.stdout.count("+@light_task") == count
    moves = "apscheduler" in flags or count == 3
    assert ('-    "let-carts-go"' in done.stdout) == moves


def test_an_unknown_task_is_named_with_the_nearest(shop):
    refused(migrate(shop, "diff", "--task", "shop.jurnal"), 2, "Did you mean", JOURNAL)


# --------------------------------------------------------------------- commits


def test_a_commit_for_each_task_that_can_be_reverted(shop):
    done = migrate(shop, "apply", "--commit-per-task")
    assert done.returncode == 0, done.stderr
    subjects = shop.git("log", "--format=%s").splitlines()
    assert sorted(subjects[:3]) == sorted(
        f"Move {name} off Celery" for name in (CARTS, RECEIPT, JOURNAL)
    )
    assert shop.git("status", "--porcelain") == ""
    shop.git("checkout", "--quiet", "HEAD~1")  # each of them is a whole
    shop.python("-m", "pytest", "-q", "-p", "no:cacheprovider")


# ----------------------------------------------------------------------- route


@pytest.mark.redis
@pytest.mark.celery_worker
def test_a_first_release_that_changes_nothing_and_is_switched_later(shop, redis_url):
    shop.env["REDIS_URL"] = redis_url
    done = migrate(shop, "apply", "--route", "celery")
    assert done.returncode == 0, done.stderr
    assert "SHIM_ROUTES=light_routes.json" in done.stderr
    assert source(shop).count("@light_task") == 3
    assert "let-carts-go" in (shop.root / "shop/celery_app.py").read_text()
    routes = shop.root / "light_routes.json"
    assert json.loads(routes.read_text()) == dict.fromkeys(
        (CARTS, RECEIPT, JOURNAL), "celery"
    )
    shop.commit_all("a release")
    assert migrate(shop, "apply", "--route", "celery").returncode == 0
    assert shop.git("status", "--porcelain") == ""
    shop.env["SHIM_ROUTES"] = str(routes)
    call = "from shop.main import orders; orders.place('ann')"
    shop.python("-c", call)
    lines = "select text from journal"
    assert shop.rows(lines) == []
    worker = (CELERY[0], "-A", "shop.celery_app", "worker", "-c", "1")
    with shop.running(*worker):
        wait_until(lambda: len(shop.rows(lines)) == 1, 60)
    # Taken out of the file, it goes light: no worker is running any more.
    routes.write_text(json.dumps({CARTS: "celery"}))
    shop.python("-c", f"{call}\nimport shim, time\n" + RUN)
    assert len(shop.rows(lines)) == 2
    shop.commit_all("switched")
    assert migrate(shop, "apply").returncode == 0
    assert "let-carts-go" in (shop.root / "light_tasks/entries.py").read_text()


RUN = "with shim.runner():\n    time.sleep(3)\n"
