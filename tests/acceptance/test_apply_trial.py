"""The user's tests decide whether an apply is written."""

from __future__ import annotations

import sys

from tests.acceptance.test_journey import migrate, refused

PYTEST = f"{sys.executable} -m pytest -q"


def test_the_users_tests_are_run_without_and_with_the_changes(shop):
    before = shop.contents()
    done = migrate(shop, "apply", "--test", PYTEST)
    assert done.returncode == 0, done.stderr
    assert "the 4 tests that passed pass with the changes" in done.stderr
    assert shop.contents() != before
    assert shop.git("worktree", "list").count("\n") == 1


def test_a_test_that_passed_and_fails_with_the_changes_holds_them_back(shop):
    """It looks at the source, which the apply is about to change."""
    test = shop.root / "tests/test_source.py"
    test.write_text(
        "from pathlib import Path\n\n\n"
        "def test_it_is_celery():\n"
        '    assert "shared_task" in Path("shop/tasks.py").read_text()\n\n\n'
        "def test_broken_before():\n"
        "    assert False\n"
    )
    shop.commit_all("a test")
    before = shop.contents()
    done = migrate(shop, "apply", "--test", PYTEST)
    refused(done, 3, "1 tests that passed do not", "test_it_is_celery")
    assert "test_broken_before" not in done.stderr.splitlines()[0]
    assert shop.contents() == before
    assert shop.git("worktree", "list").count("\n") == 1


def test_other_commands_are_compared_by_their_exit_code(shop):
    done = migrate(shop, "apply", "--test", "grep -q shared_task shop/tasks.py")
    refused(done, 3, "exit code 1")
    refused(migrate(shop, "apply", "--test", "false"), 2, "nothing passes")
    refused(migrate(shop, "apply", "--test", "no-such-program"), 2, "no-such-program")
    done = migrate(shop, "apply", "--test", "grep -q write_receipt shop/tasks.py")
    assert done.returncode == 0, done.stderr


def test_tests_judge_what_is_committed(shop):
    (shop.root / "shop/orders.py").write_text("# mine\n")
    done = migrate(shop, "apply", "--allow-dirty", "--test", PYTEST)
    refused(done, 3, "shop/orders.py")
