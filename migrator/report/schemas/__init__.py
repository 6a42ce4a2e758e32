"""JSON schemas of what `--format json` prints and of the files that the tool keeps.

They are part of the API.

Within one schema version fields are only added: a reader ignores those it does not
know. `python -m migrator.report.schemas.derive` writes the files anew from the records.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

KINDS = (
    "applied",
    "changes",
    "drain",
    "finish",
    "live",
    "plan",
    "proofs",
    "route",
    "rules",
    "scan",
    "schedules",
    "status",
    "timeline",
    "undone",
    "verify",
)
# Kept in the project: a baseline of the scan, measured run times, stored schedules.
FILES = ("baseline", "evidence", "stored-schedules")


def schema(kind: str) -> dict[str, Any]:
    """The shipped schema (draft 2020-12) of one kind of document."""
    name = f"{kind}.json"
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
