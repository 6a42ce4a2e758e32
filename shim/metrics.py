"""Prometheus metrics, read from the outbox when they are scraped.

Every process that shares the outbox may export them; they all say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from . import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from .outbox import Outbox
    from .tally import Counts, Tally

PERCENTILES = (0.5, 0.95)


def register(registry: CollectorRegistry = REGISTRY) -> None:
    """Add the metrics of this process's outbox to a registry; call it once."""
    registry.register(OutboxCollector())


class OutboxCollector:
    """`light_task_messages`, `light_task_runs_total`, `light_task_seconds`, and
    `light_task_last_success_timestamp_seconds`, each by task.
    """  # noqa: D205 - the names are the summary

    def __init__(self, outbox: Outbox | None = None) -> None:
        self._outbox = outbox

    def describe(self) -> list[Metric]:
        """Nothing: a registry must not ask the outbox when the process starts."""
        return []

    def collect(self) -> Iterator[Any]:
        outbox = self._outbox or settings.current_outbox()
        yield _messages(outbox.counts())
        yield from _runs(outbox.tallies())


def _messages(counts: dict[str, Counts]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "light_task_messages",
        "Calls that wait, are not due yet, or are being run.",
        labels=("task", "state"),
    )
    for task, found in sorted(counts.items()):
        family.add_metric((task, "waiting"), found.waiting)
        family.add_metric((task, "delayed"), found.delayed)
        family.add_metric((task, "running"), found.running)
    return family


def _runs(tallies: dict[str, Tally]) -> Iterator[Any]:
    runs = CounterMetricFamily(
        "light_task_runs", "Runs by outcome.", labels=("task", "outcome")
    )
    seconds = GaugeMetricFamily(
        "light_task_seconds", "Duration of runs.", labels=("task", "quantile")
    )
    last = GaugeMetricFamily(
        "light_task_last_success_timestamp_seconds",
        "When a run last succeeded.",
        labels=("task",),
    )
    for task, tally in sorted(tallies.items()):
        for outcome in ("succeeded", "failed", "retried"):
            runs.add_metric((task, outcome), getattr(tally, outcome))
        for share in PERCENTILES:
            if (value := tally.percentile(share)) is not None:
                seconds.add_metric((task, str(share)), value)
        if tally.last_success is not None:
            last.add_metric((task,), tally.last_success)
    yield from (runs, seconds, last)
