"""Decides which moved tasks can become plain functions, and says why not of the rest.

A task is finished with all of its callers, or not at all.
"""

from __future__ import annotations

from migrator.finish.decide import Decision, decide
from migrator.finish.handlers import handler_calls
from migrator.finish.left import left_to_remove
from migrator.finish.uses import remaining_uses

__all__ = ["Decision", "decide", "handler_calls", "left_to_remove", "remaining_uses"]
