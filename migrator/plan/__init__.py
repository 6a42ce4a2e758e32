"""Verdicts and the user's decisions -> Plan; reads and writes migrate.toml."""

from __future__ import annotations

from migrator.plan.build import (
    build_plan,
    moved_entries,
    refuse_stranded,
    refuse_unknown,
    without_refused,
)
from migrator.plan.decide import decided
from migrator.plan.finished import finished_tasks, parameters_of
from migrator.plan.manifest import FILE_NAME, Manifest, read_manifest
from migrator.plan.refresh import refreshed, with_finished
from migrator.plan.refusals import why_it_stays
from migrator.plan.routes import ROUTES_FILE, with_routes
from migrator.plan.selection import Selection, selected

__all__ = [
    "FILE_NAME",
    "ROUTES_FILE",
    "Manifest",
    "Selection",
    "build_plan",
    "decided",
    "finished_tasks",
    "moved_entries",
    "parameters_of",
    "read_manifest",
    "refreshed",
    "refuse_stranded",
    "refuse_unknown",
    "selected",
    "why_it_stays",
    "with_finished",
    "with_routes",
    "without_refused",
]
