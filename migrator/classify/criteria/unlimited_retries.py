"""Retried for ever.

`max_retries=None` says that the work must be done however long it takes. Only a queue
that outlives every process can promise that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, veto
from migrator.classify.retries import retry_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task has max_retries=None.",
    guidance="Give it a number, or keep it on Celery.",
    example="""
    @app.task(bind=True, max_retries=None)
    def deliver(self, order): ...
    """,
)
def unlimited_retries(context: TaskContext) -> Iterator[Finding]:
    option = context.option("max_retries")
    if option is not None and option.is_literal and option.value is None:
        yield veto("max_retries=None", context.task.decorator)
        return
    policy = retry_policy(context)
    if policy is not None and policy.max_retries is None:
        yield veto("retried without a limit", policy.location)
