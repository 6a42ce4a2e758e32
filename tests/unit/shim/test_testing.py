"""What a project's tests use: enqueued calls, and running them here and now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import shim
from shim.testing import assert_enqueued, enqueued, memory_outbox, run_all


@pytest.fixture
def waiting():
    with memory_outbox() as outbox:
        yield outbox


@pytest.fixture
def add(app):
    @shim.light_task(name="add", app=app)
    def add(a, b=0):
        return a + b

    return add


def test_calls_are_listed_with_their_arguments(add, waiting):
    first = add.delay(1, b=2)
    add.apply_async((3,), countdown=60)
    assert enqueued() == [
        ("add", [1], {"b": 2}, first.id),
        ("add", [3], {}, enqueued()[1].id),
    ]
    assert enqueued("other") == []


def test_assert_enqueued_finds_the_exact_call(add, waiting):
    result = add.delay(1, b=2)
    assert assert_enqueued(add, 1, b=2).id == result.id
    with pytest.raises(AssertionError, match=r"add\(\*\[1\], \*\*\{'b': 2\}\)"):
        assert_enqueued(add, 1)


def test_assert_enqueued_says_when_nothing_waits(add, waiting):
    with pytest.raises(AssertionError, match="but nothing"):
        assert_enqueued("add", 1)


def test_run_all_runs_in_this_thread_and_in_order(app, waiting):
    seen = []

    @shim.light_task(name="seen", app=app)
    def see(what):
        seen.append(what)
        if what == 1:
            see.delay("nested")

    for what in (1, 2):
        see.delay(what)
    results = run_all(app)
    assert seen == [1, 2, "nested"]
    assert [result.state for result in results] == ["SUCCESS"] * 3
    assert enqueued() == []


def test_run_all_does_not_wait_for_what_is_delayed(add, app, waiting):
    add.apply_async((1, 2), countdown=3600)
    assert run_all(app, ahead=False) == []
    (result,) = run_all(app)
    assert result.get() == 3


def test_run_all_raises_the_error_of_a_task(app, waiting):
    @shim.light_task(name="bad", app=app)
    def bad():
        message = "bad"
        raise LookupError(message)

    result = bad.delay()
    with pytest.raises(LookupError, match="bad"):
        run_all(app)
    assert result.state == "FAILURE"
    bad.delay()
    assert run_all(app, propagate=False)[0].state == "FAILURE"


def test_run_all_follows_retries(app, waiting):
    @shim.light_task(name="again", app=app, bind=True, max_retries=2)
    def again(self):
        if self.request.retries < 2:
            raise self.retry(countdown=60)
        return self.request.retries

    result = again.delay()
    assert len(run_all(app)) == 3
    assert result.get() == 2


def test_the_memory_outbox_ends_with_the_block(add, outbox):
    with memory_outbox():
        add.delay(1)
        assert len(enqueued()) == 1
    add.delay(2)
    assert len(outbox) == 1


def test_without_the_memory_outbox_it_says_so(add, tmp_path):
    shim.configure(outbox=f"sqlite:///{tmp_path}/x.sqlite3")
    try:
        with pytest.raises(AssertionError, match="use memory_outbox"):
            enqueued()
    finally:
        shim.configure(outbox=None)


USERS_TEST = """
from celery import Celery
from shim import light_task
from shim.testing import assert_enqueued

app = Celery("users", broker="memory://")

@light_task(name="greet", app=app)
def greet(name):
    return name

def test_greets(light_outbox):
    greet.delay("you")
    assert_enqueued(greet, "you")
    assert len(light_outbox) == 1
"""


def test_the_fixture_works_as_a_plugin(tmp_path):
    file = tmp_path / "test_users.py"
    file.write_text(USERS_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "shim.testing", str(file)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
