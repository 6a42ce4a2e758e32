"""It sends a mail and does nothing else outside the program.

The most frequent light task of all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.deeds import is_mail, network_calls
from migrator.classify.registry import Kind, criterion, signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.SIGNAL,
    summary="It only sends mail.",
    guidance="Claim the slot first, so that nobody gets the mail twice.",
    example="""
    send_mail(subject, body, None, [user.email])
    """,
)
def mail_only(context: TaskContext) -> Iterator[Finding]:
    if any(network_calls(context)):
        return
    for call, depth in context.calls:
        if is_mail(call) and not depth:
            yield signal(f"sends mail: `{call.target}`", call.location)
            return
