"""`--format html` and `diff --html`: one file that loads nothing and runs offline.

Built from the records with the standard library. Everything that comes from the
project is escaped by `markup.tag`, which all of the page is made with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.report.html.changes import change_sections
from migrator.report.html.code import Sources
from migrator.report.html.page import Section, page
from migrator.report.html.picture import graph_section
from migrator.report.html.summary import blind_spots, summary
from migrator.report.html.tasks import task_section
from migrator.report.html.timeline import timeline
from migrator.report.html.view import task_views

if TYPE_CHECKING:
    from datetime import datetime

    from migrator.model import ChangeSet, Plan
    from migrator.pipeline import Survey

__all__ = ["diff_page", "scan_page"]


def scan_page(found: Survey, now: datetime) -> str:
    """The report of a scan. `now` (aware) chooses the day of the timeline."""
    views = task_views(found)
    inventory = found.inventory
    spots, entries = inventory.blind_spots, inventory.schedules
    sections = [
        Section("summary", "Summary", summary(inventory, views)),
        Section(
            "tasks",
            "Tasks",
            task_section(views, Sources(found.project.read)),
            count=len(views),
            lead="Open a task for its reasons, its source and its callers.",
        ),
        Section(
            "timeline",
            "A day of schedules",
            timeline(entries, views, now),
            count=len(entries),
        ),
        Section(
            "graph",
            "Callers, tasks, queues",
            graph_section(views),
            lead="Point at a node, or move to it with Tab, to see its own lines only.",
        ),
        Section(
            "spots",
            "Blind spots",
            blind_spots(spots),
            count=len(spots),
            lead="What was seen in the source and could not be resolved, and why.",
        ),
    ]
    name = found.project.root.name or "project"
    is_measured = any(view.verdict.is_confirmed for view in views)
    basis = "by reading, and by measured run times" if is_measured else "by reading"
    return page(f"Celery tasks of {name}", f"{now:%Y-%m-%d}, judged {basis}", sections)


def diff_page(name: str, plan: Plan, changes: ChangeSet, now: datetime) -> str:
    """The changes of a plan side by side; `name` is the project's."""
    sections = change_sections(plan, changes)
    subtitle = f"{now:%Y-%m-%d}, exactly what `migrate apply` writes"
    return page(f"Changes to {name}", subtitle, sections)
