"""A handle: what an expression is to Celery, and how handles follow from others."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.scan.vocabulary import (
    BODY_ATTRIBUTES,
    DISPATCH,
    SIGNATURE_METHODS,
    SPREAD_METHODS,
)
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from migrator.scan.found import Found

SIGNATURE_MAKERS = frozenset(
    {
        "celery.signature",
        "celery.subtask",
        "celery.Signature",
        "celery.canvas.signature",
        "celery.canvas.Signature",
        "celery.canvas.subtask",
        "celery.canvas.maybe_signature",
        "celery.app.canvas.signature",
    }
)
CANVAS_MAKERS = frozenset(
    f"celery{middle}.{name}"
    for middle in ("", ".canvas")
    for name in ("chain", "group", "chord", "chunks", "xmap", "xstarmap", "_chain")
)
RESULT_MAKERS = frozenset(
    f"celery.result.{name}"
    for name in ("AsyncResult", "GroupResult", "ResultSet", "EagerResult")
)
RESULT_MAKERS |= {"celery.AsyncResult", "celery.GroupResult"}
# Methods that give back a signature like the one they were called on.
SAME_SIGNATURE = frozenset(
    {"set", "clone", "on_error", "link", "link_error", "reverse"}
)


@dataclass(frozen=True, slots=True)
class Handle:
    """What something is: task | signature | canvas | result | app | super | unknown."""

    kind: str
    task: str = ""  # the task's name
    attribute: str = ""  # of the task: "delay", "request", ...
    reason: str = ""  # why it is unknown
    handed_over: bool = False  # it is a parameter, and this is what callers give


def of_method(receiver: Handle, name: str) -> list[Handle]:
    """What a method of a task or signature gives."""
    if receiver.kind not in {"task", "signature", "canvas"}:
        return [receiver] if receiver.kind == "unknown" else []
    if receiver.attribute and receiver.attribute not in BODY_ATTRIBUTES:
        return [Handle("unknown", reason=f"attribute {receiver.attribute} of a task")]
    if name in SIGNATURE_METHODS or name in SAME_SIGNATURE:
        kind = "canvas" if receiver.kind == "canvas" else "signature"
        return [replace(receiver, kind=kind, attribute="")]
    if name in SPREAD_METHODS:
        return [replace(receiver, kind="canvas", attribute="")]
    if name in DISPATCH or name in {"apply", "AsyncResult"}:
        return [replace(receiver, kind="result", attribute="")]
    return []


def of_attribute(handle: Handle, name: str) -> Handle:
    if handle.kind == "task":
        dotted = f"{handle.attribute}.{name}" if handle.attribute else name
        return replace(handle, attribute=dotted)
    if handle.kind == "app":
        dotted = f"{handle.attribute}.{name}" if handle.attribute else name
        return Handle("app", attribute=dotted)
    if handle.kind == "unknown":
        return handle
    return replace(handle, attribute=name)


def first_text(node: ast.Call) -> str:
    if node.args and isinstance(node.args[0], ast.Constant):
        value = node.args[0].value
        return value if isinstance(value, str) else ""
    return ""


def reason_for(found: Found) -> str:
    name = ".".join((found.name, *found.rest))
    return {
        "external": f"`{name}` is in no file of the project",
        "elsewhere": f"`{name}` is in a file without tasks",
        "parameter": f"`{name}` is a parameter: its callers decide",
        "element": f"`{name}` runs through a collection known only at run time",
        "opaque": f"`{name}` is set from a value known only at run time",
        "unknown": f"`{name}` is bound nowhere that can be seen",
        "builtin": f"`{name}` is a builtin",
        "definition": f"`{name}` is no task",
        "instance": f"`{name}` is an object of the project, and no task",
        "module": f"`{name}` is a module",
    }.get(found.kind, f"`{name or callee_name(found.expr)}` is known only at run time")


def callee_name(node: ast.expr | None) -> str:
    return "" if node is None else ".".join(flatten(node)[0])


def distinct_handles(handles: list[Handle]) -> list[Handle]:
    kept: dict[tuple[str, str, str], Handle] = {}
    for handle in handles:
        kept.setdefault((handle.kind, handle.task, handle.attribute), handle)
    known = [handle for handle in kept.values() if handle.kind != "unknown"]
    return known or list(kept.values())
