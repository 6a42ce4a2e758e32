"""Sent by its name from code that does not import it.

`send_task("name")` from the same program takes the shim's way like every other call.
From another service of the same repository it does not: that service loads neither the
task nor the shim. Two folders without a common first part are taken for two services.

A name that is kept in data (`{"task": "shop.send_invoice", "env": "INVOICE_CRON"}`) is
read by something that the scan could not follow: it may send the task, or schedule it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.classify.registry import Kind, criterion, note, unknown, veto
from migrator.model import CallKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.classify.context import TaskContext
    from migrator.model import Finding


@criterion(
    Kind.VETO,
    summary="The task is sent by name from another service, or may be.",
    guidance="Move the sender first, or let it call an endpoint.",
    example="""
    # billing/api.py, while the task lives in mailer/tasks.py
    app.send_task("mailer.tasks.send_invoice", args=[pk])
    """,
)
def sent_by_name(context: TaskContext) -> Iterator[Finding]:
    own = _service(context.task.location.path)
    for site in context.called_as(CallKind.SEND_TASK):
        other = _service(site.location.path)
        if own and other and own != other:
            text = f"sent by name from {other}/: `{site.source}`"
            yield veto(text, site.location)
        else:
            yield note(f"sent by name: `{site.source}`", site.location)
    for site in context.called_as(CallKind.VALUE):
        if site.detail == "name" and site.result_used == "data":
            text = "its name is kept in data, and may be sent or scheduled from there"
            yield unknown(text, site.location)


def _service(path: str) -> str:
    first, slash, _ = path.partition("/")
    return first if slash else ""
