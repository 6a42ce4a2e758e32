"""Where a call goes: the sources, their order, percentages, broken sources."""

from __future__ import annotations

import json
import logging

import pytest
from celery.utils import uuid

import shim
from shim import OutboxUnavailableError, routes
from shim.outbox.memory import MemoryOutbox
from tests.servers import wait_until


@pytest.fixture(autouse=True)
def _no_routes(monkeypatch):
    monkeypatch.delenv("SHIM_ROUTES", raising=False)
    yield
    shim.configure(routes=None)


EMPTY = MemoryOutbox()


def goes_light(task, task_id, outbox=EMPTY):
    return routes.goes_light(task, task_id, outbox)


def share(task="t", calls=2000):
    return sum(goes_light(task, uuid()) for _ in range(calls)) / calls


def test_light_is_the_default():
    assert goes_light("t", "1") is True


@pytest.mark.parametrize(
    ("value", "light"),
    [("light", True), ("celery", False), (100, True), (0, False)],
)
def test_a_route_of_one_side(value, light):
    shim.configure(routes={"t": value})
    assert goes_light("t", "1") is light
    assert goes_light("other", "1") is True


def test_a_percentage_splits_the_calls():
    shim.configure(routes={"t": 30})
    assert share() == pytest.approx(0.3, abs=0.05)


def test_a_fraction_of_a_percent():
    shim.configure(routes={"t": 0.5})
    assert 0 < share(calls=20_000) < 0.02


def test_the_same_id_always_goes_the_same_way():
    shim.configure(routes={"t": 50})
    ids = [uuid() for _ in range(200)]
    first = [goes_light("t", task_id) for task_id in ids]
    assert [goes_light("t", task_id) for task_id in ids] == first


def test_a_higher_percentage_keeps_what_was_light():
    ids = [uuid() for _ in range(500)]
    shim.configure(routes={"t": 20})
    before = {task_id for task_id in ids if goes_light("t", task_id)}
    shim.configure(routes={"t": 60})
    assert before <= {task_id for task_id in ids if goes_light("t", task_id)}


def test_the_star_stands_for_every_task():
    shim.configure(routes={"*": "celery", "t": "light"})
    assert goes_light("t", "1") is True
    assert goes_light("other", "1") is False


def test_routes_of_the_environment(monkeypatch):
    monkeypatch.setenv("SHIM_ROUTES", '{"t": "celery"}')
    assert goes_light("t", "1") is False


def test_configure_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("SHIM_ROUTES", '{"t": "celery", "u": "celery"}')
    shim.configure(routes={"t": "light"})
    assert goes_light("t", "1") is True
    assert goes_light("u", "1") is False


def test_a_file_is_read_again_when_it_changes(monkeypatch, tmp_path):
    file = tmp_path / "routes.json"
    monkeypatch.setenv("SHIM_ROUTES", str(file))
    file.write_text('{"t": "celery"}')
    assert goes_light("t", "1") is False
    file.write_text('{"t": "light", "u": 1}')
    assert goes_light("t", "1") is True


@pytest.mark.parametrize(
    "source",
    ["{broken", "/nowhere/routes.json", "[1]", '{"t": "elsewhere"}', '{"t": true}'],
)
def test_a_broken_source_means_celery_and_one_line(monkeypatch, caplog, source):
    monkeypatch.setenv("SHIM_ROUTES", source)
    with caplog.at_level(logging.ERROR):
        assert [goes_light("t", "1") for _ in range(3)] == [False] * 3
    assert caplog.text.count("calls go to Celery") == 1


def test_a_repaired_file_is_believed_again(monkeypatch, tmp_path):
    file = tmp_path / "routes.json"
    file.write_text("{")
    monkeypatch.setenv("SHIM_ROUTES", str(file))
    assert goes_light("t", "1") is False
    file.write_text(json.dumps({"t": 100}))
    assert goes_light("t", "1") is True


def test_a_call_routed_to_celery_goes_to_the_broker(app, add, outbox):
    shim.configure(routes={"add": "celery"})
    add.delay(1)
    assert len(outbox) == 0
    with app.connection_for_read() as connection:
        assert connection.SimpleQueue("celery").get(timeout=1).headers["task"] == "add"


def test_routes_of_the_outbox_are_seen_within_five_seconds(monkeypatch):
    outbox = MemoryOutbox()
    assert goes_light("t", "1", outbox) is True
    outbox.set_route("t", "celery")
    wait_until(lambda: not goes_light("t", "1", outbox), timeout=5)


def test_the_environment_wins_over_the_outbox(monkeypatch):
    outbox = MemoryOutbox()
    outbox.set_route("t", "celery")
    outbox.set_route("u", "celery")
    monkeypatch.setenv("SHIM_ROUTES", '{"t": "light"}')
    assert goes_light("t", "1", outbox) is True
    assert goes_light("u", "1", outbox) is False


def test_an_outbox_that_cannot_be_asked_means_celery(caplog):
    class Down(MemoryOutbox):
        def routes(self):
            message = "the outbox is down"
            raise OutboxUnavailableError(message)

    assert goes_light("t", "1", Down()) is False
    assert "the outbox is down" in caplog.text
