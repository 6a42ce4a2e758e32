"""Models, media, archives and data frames.

These libraries take seconds to minutes and hundreds of megabytes as a matter of course,
and many hold the interpreter's lock while they do. That is what workers are for. A
request to a service that runs models is no shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify import vocabulary as words
from migrator.classify.deeds import network_calls
from migrator.classify.registry import Kind, criterion, veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task uses a library for models, media, archives or data frames.",
    guidance="Keep it on Celery with limits of its own.",
    example="""
    with zipfile.ZipFile(path, "w") as archive: ...
    """,
)
def heavy_library(context: TaskContext) -> Iterator[Finding]:
    for call, _ in context.calls:
        if words.matches(call.target, words.HEAVY_LIBRARIES):
            yield veto(f"`{call.target}` is heavy work", call.location)
    for call, _, _ in network_calls(context):
        if any(host in call.source.lower() for host in words.MODEL_HOSTS):
            yield veto(f"asks a model: `{call.source}`", call.location)
