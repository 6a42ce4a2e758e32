"""Runs every check, in an order in which the first failure explains the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.verify import (
    callers,
    compiles,
    definitions,
    files,
    finished,
    manifests,
    schedules_equal,
    schedules_kept,
    surroundings,
)

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison
    from migrator.verify.result import Check

CHECKS = (
    compiles.check,
    files.check,
    definitions.check,
    callers.check,
    finished.check,
    schedules_kept.check,
    schedules_equal.check,
    surroundings.check,
    manifests.check,
)


def verify(compared: Comparison) -> tuple[Check, ...]:
    """The outcome of every check."""
    return tuple(check(compared) for check in CHECKS)
