"""The metrics say what the outbox knows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from shim import Runner
from shim.metrics import OutboxCollector, register


def test_waiting_and_finished_runs_are_exported(app, add, outbox):
    add.delay(1)
    add.apply_async((2,), countdown=1000)
    registry = CollectorRegistry()
    register(registry)
    assert _lines(registry, "light_task_messages") == {
        'light_task_messages{state="waiting",task="add"} 1.0',
        'light_task_messages{state="delayed",task="add"} 1.0',
        'light_task_messages{state="running",task="add"} 0.0',
    }
    with Runner(app):
        add.delay(3).get(timeout=5)
    text = generate_latest(registry).decode()
    assert 'light_task_runs_total{outcome="succeeded",task="add"} 2.0' in text
    assert 'light_task_seconds{quantile="0.95",task="add"}' in text
    assert 'light_task_last_success_timestamp_seconds{task="add"}' in text


def test_registering_asks_no_outbox():
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError(name)

    CollectorRegistry().register(OutboxCollector(Untouchable()))


def _lines(registry, start):
    text = generate_latest(registry).decode()
    return {line for line in text.splitlines() if line.startswith(start)}
