"""Source to Inventory: collects, and judges nothing."""

from __future__ import annotations

from migrator.scan.engine import scan_project

__all__ = ["scan_project"]
