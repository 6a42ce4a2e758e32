"""It reads a whole file or object into memory.

How large that is, nobody can tell from the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


NOT_FILES = frozenset({"response", "resp", "request", "stdout", "config", "parser"})


@criterion(
    Kind.SIGNAL,
    summary="It reads a whole file.",
    guidance="Read in pieces, or bound the size.",
    example="""
    data = Path(upload.path).read_bytes()
    """,
)
def whole_file_read(context: TaskContext) -> Iterator[Finding]:
    for call, _ in context.calls:
        name = words.method(call.target)
        near = words.receiver(call.target).lower()
        is_read = name in words.FILE_READS and near not in NOT_FILES
        if is_read or call.target in words.WHOLE_READS:
            yield signal(f"`{call.target}` reads all of it", call.location)
