"""Plan -> edits of the user's files (LibCST). Carries out, decides nothing."""

from __future__ import annotations

from migrator.rewrite.dependencies import dependency_edits
from migrator.rewrite.finish_project import finish_project
from migrator.rewrite.project_edits import rewrite_project

__all__ = ["dependency_edits", "finish_project", "rewrite_project"]
