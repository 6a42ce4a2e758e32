"""Schedules and last runs from outside the code, kept in one file of the project."""

from __future__ import annotations

from migrator.operate.schedules.application import read_application
from migrator.operate.schedules.store import (
    FILE_NAME,
    load_schedules,
    merged,
    plain_entry,
    schedules_text,
    with_exported,
)

__all__ = [
    "FILE_NAME",
    "load_schedules",
    "merged",
    "plain_entry",
    "read_application",
    "schedules_text",
    "with_exported",
]
