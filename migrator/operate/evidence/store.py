"""Evidence between two commands: one JSON file of figures."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from math import inf
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError
from migrator.model import Evidence
from migrator.operate.documents import load_document, records_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 1
FIELDS = frozenset(field.name for field in fields(Evidence))
FIGURES = FIELDS - {"task", "sources"}


def evidence_document(evidence: Iterable[Evidence]) -> bytes:
    """The file's content, sorted by task."""
    document = {
        "version": VERSION,
        "evidence": [_plain(e) for e in sorted(evidence, key=lambda e: e.task)],
    }
    return f"{json.dumps(document, indent=1)}\n".encode()


def _plain(evidence: Evidence) -> dict[str, Any]:
    """JSON knows no infinity; a time beyond the last bucket is written as text."""
    return {k: str(v) if v == inf else v for k, v in asdict(evidence).items()}


def load_evidence(path: Path) -> tuple[Evidence, ...]:
    """What was saved; nothing where there is no file. UsageError where it is broken."""
    try:
        document = load_document(path)
    except ValueError as error:
        raise _broken(path, str(error)) from error
    return () if document is None else parse_store(document, path)


def parse_store(document: Any, path: Path) -> tuple[Evidence, ...]:
    try:
        items = records_of(document, "evidence", VERSION)
        return tuple(_evidence(item) for item in items)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(path, str(error)) from error


def _evidence(item: dict[str, Any]) -> Evidence:
    if unknown := set(item) - FIELDS:
        raise ValueError(f"unknown field {min(unknown)}")
    for name in FIGURES & set(item):
        is_figure = type(item[name]) in {int, float, type(None)}
        if not is_figure and item[name] != str(inf):
            raise ValueError(f"{name} is no figure")
    times = {k: inf for k in ("p50", "p95", "max") if item.get(k) == str(inf)}
    return Evidence(**{**item, **times, "sources": tuple(item.get("sources", ()))})


def _broken(path: Path, why: str) -> UsageError:
    return UsageError(
        f"the stored evidence cannot be read: {why}",
        where=path.name,
        hint="Delete the file and import the measurements again.",
    )
