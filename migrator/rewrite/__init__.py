"""Plan -> edits of the user's files (LibCST). Carries out, decides nothing."""

from __future__ import annotations

from migrator.rewrite.finish_project import finish_project
from migrator.rewrite.project_edits import rewrite_project

__all__ = ["finish_project", "rewrite_project"]
