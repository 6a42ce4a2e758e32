"""It is tried again often, or with growing waits.

More than three retries, or an exponential backoff: somebody reckons with long failures.
Where the policy comes from a wrapper of the house it says nothing about this task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, signal
from migrator.classify.retries import retry_policy
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


FEW = 3


@criterion(
    Kind.SIGNAL,
    summary="It has many retries or a backoff.",
    guidance="",
    example="""
    @app.task(autoretry_for=(IOError,), retry_backoff=True, max_retries=8)
    def push(pk): ...
    """,
)
def many_retries(context: TaskContext) -> Iterator[Finding]:
    policy = retry_policy(context)
    if policy is None or policy.max_retries is None:
        return
    if policy.max_retries > FEW and not context.is_habit("max_retries"):
        yield signal(counted(policy.max_retries, "retry"), policy.location)
    elif policy.backoff and not context.is_habit("retry_backoff"):
        yield signal("an exponential backoff", policy.location)
