"""Acknowledged only after the work is done.

`acks_late` promises that a crash in the middle leads to a second run. A scheduler job
has its next tick and no second run, so a periodic task with `acks_late` of its own
stays, unless its work may be repeated anyway (it only deletes, or inserts under a
unique key). On demand the runner's outbox leases the message and offers it again, as
Celery does: that is told without weight. `task_acks_late` for the whole app is a habit,
not a statement about this task, and leaves a periodic task to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.idempotence import repeatable_call
from migrator.classify.registry import Kind, criterion, note, unknown, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

OPTIONS = ("acks_late", "reject_on_worker_lost")


@criterion(
    Kind.VETO,
    summary="A crash must lead to a second run, which the target does not give.",
    guidance="Make the work repeatable, or keep it on Celery.",
    example="""
    @app.task(acks_late=True)
    def import_prices(): ...     # on beat, every hour
    """,
)
def late_ack(context: TaskContext) -> Iterator[Finding]:
    own = [o for name in OPTIONS if (o := context.option(name)) and o.value]
    setting = context.setting("task_acks_late")
    is_repeatable = repeatable_call(context) is not None
    for option in own:
        text = f"{option.name}={option.source}"
        if not context.schedules:
            yield note(f"{text}: kept by the outbox's lease", context.task.decorator)
        elif is_repeatable:
            yield note(f"{text}: the work may be repeated", context.task.decorator)
        elif context.is_habit(option.name):
            yield unknown(f"{text}, by habit of the house", context.task.decorator)
        else:
            text = f"{text}: a scheduled job is not run again after a crash"
            yield veto(text, context.task.decorator)
    is_global = not own and context.option("acks_late") is None
    is_on = is_global and setting is not None and bool(setting[0])
    if is_on and setting and context.schedules and not is_repeatable:
        yield unknown("task_acks_late is on for the whole app", setting[1])
