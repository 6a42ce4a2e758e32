"""The author expects it to be over soon.

An explicit limit of at most 30 seconds. A limit that nearly all tasks of the project
carry says nothing about this one and does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.limits import SHORT, literal_limits
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its time limit is 30 seconds or less.",
    guidance="A scheduled job gets this limit as its timeout.",
    example="""
    @app.task(soft_time_limit=20)
    def ping(host): ...
    """,
)
def short_time_limit(context: TaskContext) -> Iterator[Finding]:
    for name, seconds in literal_limits(context):
        if seconds <= SHORT:
            yield signal(f"{name}={seconds:g}", context.task.decorator)
