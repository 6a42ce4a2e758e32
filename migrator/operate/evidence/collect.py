"""Reads files of any of the formats, told apart by their content."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from migrator.errors import UsageError
from migrator.operate.evidence.events import DUMPED, read_events
from migrator.operate.evidence.prometheus import (
    DEFAULT_METRICS,
    MetricNames,
    read_prometheus_json,
    read_prometheus_text,
)
from migrator.operate.evidence.samples import Samples
from migrator.operate.evidence.store import parse_store
from migrator.operate.evidence.table import read_table
from migrator.operate.evidence.worker_log import LINE, read_worker_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from migrator.model import Evidence

Figure = TypeVar("Figure", int, float)
LINES_SEEN = 200  # of the head of a file, to tell its format
MAX_JSON = 256 * 2**20  # bytes of a query's answer, which is read whole
PROMETHEUS = re.compile(r"^(?:# (?:HELP|TYPE) |[a-zA-Z_:][\w:]*(?:\{.*\})?\s+[-+\d.])")
CSV_HEAD = re.compile(r"^\W*(?:name|task)\W*,", re.IGNORECASE)
SIGNS = (
    ("events", DUMPED),
    ("log", LINE),
    ("csv", CSV_HEAD),
    ("prometheus", PROMETHEUS),
)


@dataclass(frozen=True, slots=True)
class Import:
    """What the files held. `read` is the number of lines or samples of each."""

    evidence: tuple[Evidence, ...]
    read: dict[str, int] = field(default_factory=dict)


def import_evidence(
    paths: Iterable[Path],
    *,
    window: float = 0.0,
    metrics: MetricNames = DEFAULT_METRICS,
) -> Import:
    """Read and merge the files. UsageError names the file that holds nothing usable.

    Runs of event dumps and worker logs are pooled, each counted once. Summaries
    (Prometheus, CSV) may tell of the same runs, so they are not added up: the longest
    times and the most runs of one source count. `window` is the time (seconds) that a
    source without dates covers.
    """
    samples = Samples()
    summaries: list[Evidence] = []
    read: dict[str, int] = {}
    for path in paths:
        samples.source = path.name
        found, taken = _read(path, samples, window, metrics)
        if not taken:
            raise _nothing_in(path)
        read[path.name] = read.get(path.name, 0) + taken
        summaries += found
    return Import(merged([*samples.summary(), *summaries]), read)


def _read(
    path: Path, samples: Samples, window: float, metrics: MetricNames
) -> tuple[tuple[Evidence, ...], int]:
    kind = format_of(path)
    if kind == "json":
        return _read_json(path, metrics)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        if kind == "csv":
            found = read_table(lines, path.name, window=window)
            return found, len(found)
        if kind == "prometheus":
            scraped = path.stat().st_mtime
            return read_prometheus_text(
                lines, path.name, scraped=scraped, window=window, names=metrics
            )
        reader = read_events if kind == "events" else read_worker_log
        return (), reader(lines, samples)


def _read_json(path: Path, metrics: MetricNames) -> tuple[tuple[Evidence, ...], int]:
    if path.stat().st_size > MAX_JSON:
        raise UsageError(
            f"larger than {MAX_JSON // 2**20} MB",
            where=path.name,
            hint="Query a shorter range or fewer series.",
        )
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    document = json.loads(text)
    if "evidence" in document:
        found = parse_store(document, path)
        return found, len(found)
    try:
        return read_prometheus_json(text, path.name, names=metrics)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _nothing_in(path) from error


def format_of(path: Path) -> str:
    """One of json, events, csv, prometheus, log and unknown, from the file's head."""
    for line in _head(path):
        text = line.strip()
        if text.startswith(("{", "[")) and not LINE.search(text):
            return "events" if _is_json_line(text) else _whole_json(path)
        for kind, pattern in SIGNS:
            if pattern.search(text):
                return kind
    return "unknown"


def _head(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            for _, line in zip(range(LINES_SEEN), lines, strict=False):
                yield line
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            hint="Check the path and its permissions.",
        ) from error


def _is_json_line(text: str) -> bool:
    """One event of many, and not a whole document on one line."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return False
    is_event = isinstance(event, dict) and bool(event)
    return is_event and "data" not in event and "evidence" not in event


def _whole_json(path: Path) -> str:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return "unknown"
    return "json" if isinstance(document, dict) else "unknown"


def merged(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """One for each task: the worst of each figure, since sources may overlap."""
    by_task: dict[str, Evidence] = {}
    for one in evidence:
        other = by_task.get(one.task)
        by_task[one.task] = one if other is None else _worst(other, one)
    return tuple(by_task[name] for name in sorted(by_task))


def _worst(one: Evidence, other: Evidence) -> Evidence:
    return replace(
        one,
        runs=max(one.runs, other.runs),
        window=max(one.window, other.window),
        p50=_larger(one.p50, other.p50),
        p95=_larger(one.p95, other.p95),
        max=_larger(one.max, other.max),
        failures=max(one.failures, other.failures),
        retries=max(one.retries, other.retries),
        max_parallel=_larger(one.max_parallel, other.max_parallel),
        peak_rss_growth=_larger(one.peak_rss_growth, other.peak_rss_growth),
        sources=tuple(sorted({*one.sources, *other.sources})),
    )


def _larger(one: Figure | None, other: Figure | None) -> Figure | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)


def _nothing_in(path: Path) -> UsageError:
    return UsageError(
        "no measurement of a task was found",
        where=str(path),
        hint=(
            "Formats: Celery events (JSON lines or `celery events --dump`), worker log,"
            " Prometheus text or query JSON, CSV with name,count,p50,p95,max."
        ),
    )
