"""A loop that enqueues work, over something that may grow without end.

Small by its source is what goes over a literal, a constant, a setting, a slice, or a
query with a limit: that is a starter of a few jobs, and is told without weight. A query
without a limit has as many rounds as the table has rows. Where the started tasks are
heavy themselves, or the loop has no visible end (`while`), the starter stays with them.
Where they are not, most such loops are harmless in practice (`for row in due:
remind.delay(row.pk)`) and a few are storms; only the table's owner knows, so the task
is left to a person. The same holds for a list that the caller passes, and for a task
that is handed to a dispatcher in a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.bounds import Bound
from migrator.classify.fan_out import fan_outs
from migrator.classify.registry import Kind, criterion, note, unknown, veto
from migrator.model import CallKind, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import CallSite, Finding


@criterion(
    Kind.VETO,
    summary="The task enqueues others in a loop without a visible end.",
    guidance="Put a limit on the query, or say `# migrate: light` where it is small.",
    example="""
    for user in User.objects.all():
        rebuild_index.delay(user.pk)
    """,
    needs_levels=True,
)
def unbounded_fan_out(context: TaskContext) -> Iterator[Finding]:
    for site, bound in fan_outs(context):
        what = f"enqueues in a loop over `{site.loop_iterates}`"
        if bound is Bound.SMALL:
            yield note(f"{what}, which is small by its source", site.location)
        elif site.kind is CallKind.VALUE:
            yield unknown(f"hands a task on, in a loop: `{site.source}`", site.location)
        elif bound is Bound.ENDLESS:
            yield veto(f"{what}, which has no visible end", site.location)
        elif bound is Bound.QUERY and _starts_heavy_work(context, site):
            yield veto(f"{what}: unlimited, and {site.task} is heavy", site.location)
        else:
            yield unknown(f"{what}: nothing limits it", site.location)


def _starts_heavy_work(context: TaskContext, site: CallSite) -> bool:
    return context.levels.get(site.task or "") is Level.HEAVY
