"""Measured run times from files: what each task took, and nothing of what it was given.

Argument and result values stand in event dumps and worker logs. They are never kept:
a reader picks the task's name, its times and its outcome out of a line and drops the
rest. Task ids join the lines of one run while a file is read, and are dropped too.
"""

from __future__ import annotations

from migrator.operate.evidence.collect import Import, import_evidence
from migrator.operate.evidence.matching import Match, match_tasks
from migrator.operate.evidence.prometheus import DEFAULT_METRICS, MetricNames
from migrator.operate.evidence.samples import Samples
from migrator.operate.evidence.store import evidence_document, load_evidence

__all__ = [
    "DEFAULT_METRICS",
    "Import",
    "Match",
    "MetricNames",
    "Samples",
    "evidence_document",
    "import_evidence",
    "load_evidence",
    "match_tasks",
]
