"""Sentry's and OpenTelemetry's own Celery integrations see the runs of a runner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAD = """
import json, time
from celery import Celery
import shim
app = Celery("seen", broker="memory://", backend="cache+memory://")
shim.configure(outbox="memory")

def declare():
    @shim.light_task(name="good", app=app)
    def good(n):
        return n

    @shim.light_task(name="bad", app=app)
    def bad():
        raise ValueError("seen by the instrumentation")
    return good, bad

def play(good, bad):
    with shim.runner():
        good.delay(1).get(timeout=10)
        bad.delay().get(timeout=10, propagate=False)
"""


def answer(code):
    """The JSON answer of a fresh process; instrumentations patch globally."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HEAD) + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("order", ["before", "after"])
def test_sentry_reports_errors_and_transactions(order):
    pytest.importorskip("sentry_sdk", reason="an integration, not a dependency")
    start = """
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.transport import Transport
    sent = []
    class Memory(Transport):
        def capture_envelope(self, envelope):
            sent.extend(item.payload.json for item in envelope.items)
    sentry_sdk.init(dsn="http://key@localhost/1", transport=Memory,
        traces_sample_rate=1.0, integrations=[CeleryIntegration()])
    """
    declare = "\ngood, bad = declare()\n"
    code = (
        textwrap.dedent(start) + declare
        if order == "before"
        else declare + textwrap.dedent(start)
    )
    found = answer(
        code
        + textwrap.dedent("""
    play(good, bad)
    sentry_sdk.flush(5)
    errors = [e for e in sent if e and "exception" in e]
    transactions = sorted(e["transaction"] for e in sent
        if e and e.get("type") == "transaction")
    print(json.dumps([
        [e["exception"]["values"][-1]["type"] for e in errors],
        [e["transaction"] for e in errors],
        [e["extra"]["celery-job"]["task_name"] for e in errors],
        transactions]))
    """)
    )
    assert found == [["ValueError"], ["bad"], ["bad"], ["bad", "good"]]


def test_opentelemetry_links_the_run_to_its_caller():
    name = "opentelemetry.instrumentation.celery"
    pytest.importorskip(name, reason="an integration, not a dependency")
    found = answer("""
    from opentelemetry import trace
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
        InMemorySpanExporter)
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument()
    good, bad = declare()
    with trace.get_tracer("test").start_as_current_span("request"):
        play(good, bad)
    spans = {s.name: s for s in exporter.get_finished_spans()}
    traces = {s.context.trace_id for s in spans.values()}
    print(json.dumps([sorted(spans), len(traces),
        spans["run/bad"].status.status_code.name,
        spans["run/good"].attributes["celery.task_name"]]))
    """)
    names = ["apply_async/bad", "apply_async/good", "request", "run/bad", "run/good"]
    assert found == [names, 1, "ERROR", "good"]
