"""Retries that go on for longer than a process lives.

The horizon is the sum of all waits, by Celery's own rules (three retries after 180
seconds each where nothing is said; a backoff doubles up to its maximum). Beyond 15
minutes a deployment comes between two tries more often than not, and only a queue that
outlives the process carries them. Waits that are computed cannot be summed up and are
left to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, unknown, veto
from migrator.classify.retries import retry_policy
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding

LIFE_OF_A_PROCESS = 15 * 60.0


@criterion(
    Kind.VETO,
    summary="The task is retried for longer than 15 minutes.",
    guidance="Retry fewer times, or let the next scheduled run be the retry.",
    example="""
    @app.task(autoretry_for=(IOError,), retry_backoff=30, max_retries=20)
    def sync(): ...
    """,
)
def retry_horizon(context: TaskContext) -> Iterator[Finding]:
    policy = retry_policy(context)
    if policy is None or policy.max_retries is None:
        return
    if policy.horizon > LIFE_OF_A_PROCESS:
        minutes = policy.horizon / 60
        text = f"{counted(policy.max_retries, 'retry')} over {minutes:.0f} minutes"
        yield veto(text, policy.location)
    elif not policy.is_readable:
        yield unknown(f"its retries are computed: {policy.unread}", policy.location)
