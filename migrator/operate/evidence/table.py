"""A CSV table: one line for each task, times in seconds."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from migrator.errors import UsageError
from migrator.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = {
    "name": "task",
    "task": "task",
    "count": "runs",
    "runs": "runs",
    "n": "runs",
    "p50": "p50",
    "median": "p50",
    "p95": "p95",
    "max": "max",
    "failures": "failures",
    "retries": "retries",
    "window": "window",
}
WHOLE = frozenset({"runs", "failures", "retries"})


def read_table(
    lines: Iterable[str], source: str, *, window: float = 0.0
) -> tuple[Evidence, ...]:
    """UsageError, with the line, where a figure is none.

    `window` (seconds) is used for lines without a `window` column.
    """
    reader = csv.DictReader(lines)
    known = {c: COLUMNS[c.strip().lower()] for c in _headers(reader)}
    if "task" not in known.values() or "runs" not in known.values():
        raise UsageError(
            "the table needs the columns name and count",
            where=source,
            hint="Read: name,count,p50,p95,max,failures,retries,window.",
        )
    found = []
    for row in reader:
        where = f"{source}:{reader.line_num}"
        figures = {known[c]: row[c] for c in known if row[c]}
        name = (figures.pop("task", "") or "").strip()
        if name:
            found.append(_evidence(name, figures, where, source, window))
    return tuple(found)


def _headers(reader: csv.DictReader[str]) -> list[str]:
    return [c for c in reader.fieldnames or () if c.strip().lower() in COLUMNS]


def _evidence(
    name: str, figures: dict[str, str], where: str, source: str, window: float
) -> Evidence:
    values = {key: _number(text, key, where) for key, text in figures.items()}
    return Evidence(
        task=name,
        runs=int(values.get("runs", 0)),
        window=values.get("window", window),
        p50=values.get("p50"),
        p95=values.get("p95"),
        max=values.get("max"),
        failures=int(values.get("failures", 0)),
        retries=int(values.get("retries", 0)),
        sources=(source,),
    )


def _number(text: str, column: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf") or (column in WHOLE and value != int(value)):
        raise UsageError(
            f"{column} is {text.strip()[:40]!r}, which is no usable figure",
            where=where,
            hint="Times are seconds, counts are whole numbers.",
        )
    return value
