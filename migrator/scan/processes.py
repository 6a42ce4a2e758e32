"""Worker, beat and web commands outside Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.model import FileOutcome, ProcessCommand
    from migrator.project import Project


def read_processes(
    project: Project,
) -> tuple[tuple[ProcessCommand, ...], list[FileOutcome]]:
    return (), []


def has_kubernetes(project: Project) -> bool:
    return False
