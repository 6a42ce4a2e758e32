"""Inventory -> verdicts: light, review or heavy, each with its reasons and places.

Pure: nothing is read, written or imported from the target.
"""

from __future__ import annotations

from migrator.classify.engine import classify
from migrator.classify.overrides import unmatched_overrides
from migrator.classify.registry import Kind, Rule, load

__all__ = ["Kind", "Rule", "classify", "rules", "unmatched_overrides"]


def rules() -> tuple[Rule, ...]:
    """Every criterion, in the order of its id."""
    return tuple(registered.rule for registered in load())
