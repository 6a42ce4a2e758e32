"""Prometheus: the text of a scrape, and the JSON of a query.

Histograms give bounds, not times: p95 is the upper edge of the bucket that holds it, so
a task may look slower than it is and never faster. Exporters name their series
differently; `MetricNames` says what is read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isnan
from typing import TYPE_CHECKING, Any

from migrator.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SAMPLE = re.compile(
    r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)"
    r"(?:\s+(?P<time>-?\d+(?:\.\d+)?))?"
)
LABEL = re.compile(r'(?P<key>[a-zA-Z_]\w*)="(?P<value>(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class MetricNames:
    """Names of series and labels. The defaults are those of three common exporters."""

    runtime: frozenset[str] = frozenset(
        {
            "flower_task_runtime_seconds",
            "celery_task_runtime",
            "celery_task_runtime_seconds",
            "celery_tasks_runtime_seconds",
        }
    )
    failures: frozenset[str] = frozenset(
        {"celery_task_failed_total", "celery_tasks_failed_total"}
    )
    retries: frozenset[str] = frozenset(
        {"celery_task_retried_total", "celery_tasks_retried_total"}
    )
    # One series for all kinds of event, told apart by the label `type`.
    events: frozenset[str] = frozenset({"flower_events_total", "celery_events_total"})
    task_labels: tuple[str, ...] = ("task", "name", "task_name")


DEFAULT_METRICS = MetricNames()


@dataclass(slots=True)
class _Series:
    buckets: defaultdict[float, float] = field(
        default_factory=lambda: defaultdict(float)
    )
    quantiles: dict[float, float] = field(default_factory=dict)
    count: float = 0.0
    failures: float = 0.0
    retries: float = 0.0


@dataclass(slots=True)
class _Reading:
    names: MetricNames
    series: defaultdict[str, _Series] = field(
        default_factory=lambda: defaultdict(_Series)
    )
    started: float | None = None
    taken: int = 0

    def take(self, name: str, labels: Mapping[str, str], value: float) -> None:
        if name == "process_start_time_seconds":
            self.started = value
            return
        task = next((labels[k] for k in self.names.task_labels if labels.get(k)), None)
        if task is None or isnan(value):
            return
        if self._runtime(name, labels, value, task) or self._outcome(
            name, labels, value, task
        ):
            self.taken += 1

    def _runtime(
        self, name: str, labels: Mapping[str, str], value: float, task: str
    ) -> bool:
        base, _, suffix = name.rpartition("_")
        if suffix == "bucket" and base in self.names.runtime and "le" in labels:
            self.series[task].buckets[_edge(labels["le"])] += value
        elif suffix == "count" and base in self.names.runtime:
            self.series[task].count += value
        elif "quantile" in labels and name in self.names.runtime:
            quantile = _edge(labels["quantile"])
            known = self.series[task].quantiles
            known[quantile] = max(value, known.get(quantile, 0.0))
        else:
            return False
        return True

    def _outcome(
        self, name: str, labels: Mapping[str, str], value: float, task: str
    ) -> bool:
        kind = labels.get("type", "") if name in self.names.events else ""
        if name in self.names.failures or kind == "task-failed":
            self.series[task].failures += value
        elif name in self.names.retries or kind == "task-retried":
            self.series[task].retries += value
        else:
            return False
        return True

    def summary(self, window: float, source: str) -> tuple[Evidence, ...]:
        return tuple(
            _evidence(task, series, window, source)
            for task, series in sorted(self.series.items())
        )


def _edge(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return inf


def _evidence(task: str, series: _Series, window: float, source: str) -> Evidence:
    edges = sorted(series.buckets.items())
    total = edges[-1][1] if edges else series.count
    return Evidence(
        task=task,
        runs=int(total),
        window=window,
        p50=_quantile(series, edges, total, 0.5),
        p95=_quantile(series, edges, total, 0.95),
        max=_quantile(series, edges, total, 1.0),
        failures=int(series.failures),
        retries=int(series.retries),
        sources=(source,),
    )


def _quantile(
    series: _Series, edges: list[tuple[float, float]], total: float, share: float
) -> float | None:
    """The upper edge of the bucket; infinite above the last finite edge."""
    if share in series.quantiles:
        return series.quantiles[share]
    if total <= 0:
        return None
    for edge, count in edges:
        if count >= share * total:
            return edge
    return None


def read_prometheus_text(
    text: Iterable[str],
    source: str,
    *,
    scraped: float,
    window: float = 0.0,
    names: MetricNames = DEFAULT_METRICS,
) -> tuple[tuple[Evidence, ...], int]:
    """Evidence and the number of samples read.

    `scraped`: when (seconds since 1970); with the exporter's start it gives the window
    where none is given.
    """
    reading = _Reading(names)
    for line in text:
        match = SAMPLE.match(line)
        if match is None or line.startswith("#"):
            continue
        labels = {
            m["key"]: re.sub(r"\\(.)", _unescape, m["value"])
            for m in LABEL.finditer(match["labels"] or "")
        }
        reading.take(match["name"], labels, _value(match["value"]))
    if not window and reading.started is not None:
        window = max(0.0, scraped - reading.started)
    return reading.summary(window, source), reading.taken


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _value(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def read_prometheus_json(
    text: str, source: str, *, names: MetricNames = DEFAULT_METRICS
) -> tuple[tuple[Evidence, ...], int]:
    """A range query gives increases over its window, an instant query gives totals."""
    answer = json.loads(text)
    reading = _Reading(names)
    first = last = None
    for item in answer.get("data", {}).get("result", ()):
        labels = {str(k): str(v) for k, v in item.get("metric", {}).items()}
        points = _points(item)
        if not points:
            continue
        name = labels.get("__name__") or _unnamed(labels, names)
        is_counter = "quantile" not in labels
        grown = increase(points) if is_counter else max(v for _, v in points)
        reading.take(name, labels, grown)
        first = min(points[0][0], first if first is not None else inf)
        last = max(points[-1][0], last if last is not None else -inf)
    window = last - first if first is not None and last is not None else 0.0
    return reading.summary(window, source), reading.taken


def _unnamed(labels: Mapping[str, str], names: MetricNames) -> str:
    """`rate` and `sum by` take the name away; a bucket can only be of run times."""
    base = min(names.runtime)
    return f"{base}_bucket" if "le" in labels else base


def _points(item: Mapping[str, Any]) -> list[tuple[float, float]]:
    raw = item.get("values") or ([item["value"]] if "value" in item else [])
    points = [(float(time), _value(str(value))) for time, value in raw]
    return [(time, value) for time, value in points if not isnan(value)]


def increase(points: list[tuple[float, float]]) -> float:
    """How much a counter grew; a fall is a restart from nought.

    A single point has nothing before it and counts whole.
    """
    if len(points) == 1:
        return points[0][1]
    grown = 0.0
    for (_, before), (_, after) in pairwise(points):
        grown += after - before if after >= before else after
    return grown
