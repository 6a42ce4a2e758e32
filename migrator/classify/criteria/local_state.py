"""It leaves something behind in its process or on its disk.

Globals, temporary folders, files beside others: a second run in another process finds
nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It keeps state in the process or on the local disk.",
    guidance="Keep it in the database or an object store.",
    example="""
    folder = tempfile.mkdtemp()
    """,
)
def local_state(context: TaskContext) -> Iterator[Finding]:
    for reached in context.reach.functions:
        for name in reached.facts.globals_written:
            yield signal(f"writes the global {name}", reached.facts.location)
    for call, _ in context.calls:
        known = words.matches(call.target, words.LOCAL_DISK)
        if known or words.method(call.target) in words.LOCAL_DISK_METHODS:
            yield signal(f"`{call.target}` uses the local disk", call.location)
