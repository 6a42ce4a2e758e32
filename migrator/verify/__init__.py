"""Accounts for everything: what was before is after, moved, or named.

One check per file. A check is a function of the Comparison; it returns a Check that
says how much it looked at, and every problem with its place.
"""

from __future__ import annotations

from migrator.verify.comparison import Comparison, tree_at, tree_before
from migrator.verify.result import Check, Problem
from migrator.verify.run import verify

__all__ = ["Check", "Comparison", "Problem", "tree_at", "tree_before", "verify"]
