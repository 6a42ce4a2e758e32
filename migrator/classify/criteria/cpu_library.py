"""Work for the processor.

Numbers, spreadsheets, PDFs, compression, key generation: seconds that hold the
interpreter's lock and keep every other thread of the process waiting.
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
    summary="It computes.",
    guidance="Keep it in a process of its own.",
    example="""
    workbook = openpyxl.load_workbook(path)
    """,
)
def cpu_library(context: TaskContext) -> Iterator[Finding]:
    for call, _ in context.calls:
        known = words.matches(call.target, words.CPU_LIBRARIES)
        if known or words.method(call.target) in words.CPU_METHODS:
            yield signal(f"`{call.target}` computes", call.location)
