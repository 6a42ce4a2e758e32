"""The author expects it to take long.

An explicit limit of five minutes or more, on 7 of 21 heavy tasks and 1 of 29 light ones
in a sample read by hand. A limit that nearly all tasks of the project carry says
nothing about this one and does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.limits import LONG, literal_limits
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its time limit is 5 minutes or more.",
    guidance="Keep it on Celery, or lower the limit where it was never reached.",
    example="""
    @app.task(time_limit=3600)
    def reindex(): ...
    """,
)
def long_time_limit(context: TaskContext) -> Iterator[Finding]:
    for name, seconds in literal_limits(context):
        if seconds >= LONG:
            yield signal(f"{name}={seconds:g}", context.task.decorator)
