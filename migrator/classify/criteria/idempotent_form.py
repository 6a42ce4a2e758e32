"""A second run would do no harm.

It deletes, updates, upserts, or gets or creates, and neither adds rows nor sends
anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.idempotence import repeatable_call
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="Its work may be repeated.",
    guidance="",
    example="""
    Profile.objects.update_or_create(user=user, defaults=data)
    """,
)
def idempotent_form(context: TaskContext) -> Iterator[Finding]:
    call = repeatable_call(context)
    if call is not None:
        yield signal(f"may run twice: `{call.target}`", call.location)
