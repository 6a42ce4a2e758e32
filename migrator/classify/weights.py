"""The one table of weights. Negative speaks for light, positive for heavy.

`[tool.migrate.weights]` changes single lines of it. A rule is counted once for each
task. Calibrated on the labelled sample in benchmarks/labels.
"""

from __future__ import annotations

LIGHT_AT_MOST = -3
HEAVY_AT_LEAST = 3
# One such reason against is not outvoted by many small ones for it.
OBJECTION_AT_LEAST = 2

WEIGHTS: dict[str, int] = {
    "short-time-limit": -2,
    "long-time-limit": 3,
    "short-body": -3,
    "network-with-timeout": -1,
    "network-without-timeout": 1,
    "mail-only": -2,
    "cleanup-by-cutoff": -1,
    "cache-write": -1,
    "unbounded-loop": 2,
    "enqueue-in-loop": 1,
    "cpu-library": 3,
    "whole-file-read": 2,
    "many-retries": 2,
    "result-ignored": -1,
    "idempotent-form": -2,
    "external-side-effect": 1,
    "relaxed-period": -1,
    "tight-period": 3,
    "sub-minute-period": 0,
    "few-callers": -1,
    "in-transaction": 1,
    "async-body": -1,
    "blocking-in-async": 1,
    "local-state": 2,
    "sleep-or-poll": 3,
    "measured-fast": -3,
    "measured-moderate": -1,
    "measured-slow": 4,
    "measured-memory": 3,
    "measured-rate": 3,
    "measured-failures": 2,
}
