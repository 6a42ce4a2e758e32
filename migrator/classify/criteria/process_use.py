"""Other processes and signals.

A program that is started, a pool of processes, `os.kill`, `signal`, `sys.exit`: in a
worker child they hit that child; in a web or scheduler process they hit everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.registry import Kind, criterion, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task starts processes or uses signals.",
    guidance="Keep it in a process that may die: a worker, or a Kubernetes Job.",
    example="""
    subprocess.run(["ffmpeg", "-i", path, out], check=True)
    """,
)
def process_use(context: TaskContext) -> Iterator[Finding]:
    for call, _ in context.calls:
        if words.matches(call.target, words.PROCESSES):
            yield veto(f"`{call.target}` leaves the own process", call.location)
