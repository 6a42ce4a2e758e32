"""The body expects to be interrupted.

`except SoftTimeLimitExceeded` is written by people who have seen the limit reached. The
exception is raised by the worker's signal handler, which no other target has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task catches SoftTimeLimitExceeded.",
    guidance="Keep it on Celery: the limit is part of what it does.",
    example="""
    except SoftTimeLimitExceeded:
        report.mark_incomplete()
    """,
)
def soft_limit_handled(context: TaskContext) -> Iterator[Finding]:
    for reached in context.reach.functions:
        for handler in reached.facts.handlers:
            for name in handler.catches:
                if name.rpartition(".")[2] == "SoftTimeLimitExceeded":
                    yield veto("catches SoftTimeLimitExceeded", handler.location)
