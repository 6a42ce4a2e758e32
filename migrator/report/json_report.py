"""The records as JSON documents; the form is versioned and its schemas are shipped."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any, get_type_hints

from migrator._version import __version__
from migrator.report.schemas.answers import RuleForm
from migrator.shown import shareable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.classify import Rule
    from migrator.finishing import Finish
    from migrator.model import ChangeSet, FileChange, Inventory, Plan, Verdict

SCHEMA_VERSION = 1
MOST_BITS = 4096  # Python refuses to write longer ones in decimal


def scan_document(inventory: Inventory, verdicts: Sequence[Verdict]) -> str:
    """`migrate scan --format json`; tasks of tests have no verdict, as in the table."""
    pairs = zip(inventory.tasks, verdicts, strict=True)
    return document(
        "scan",
        inventory=_plain(inventory),
        verdicts=[_plain(verdict) for task, verdict in pairs if not task.in_tests],
    )


def plan_document(plan: Plan) -> str:
    """`migrate plan --format json`."""
    return document("plan", plan=_plain(plan))


def changes_document(changes: ChangeSet) -> str:
    """`migrate diff --format json`: bytes as text where they are UTF-8, else base64."""
    return document(
        "changes",
        changes=[_change(change) for change in changes.changes],
        manual_steps=[_plain(step) for step in changes.manual_steps],
        refusals=[_plain(refusal) for refusal in changes.refusals],
    )


def applied_document(changes: ChangeSet) -> str:
    """`migrate apply --format json`: the paths that were written."""
    return document(
        "applied",
        written=[change.path for change in changes.changes],
        manual_steps=[_plain(step) for step in changes.manual_steps],
        refusals=[_plain(refusal) for refusal in changes.refusals],
    )


def finish_document(outcome: Finish, *, applied: bool) -> str:
    """`migrate finish --format json`; with --diff nothing of it is written."""
    changes = outcome.changes
    return document(
        "finish",
        applied=applied,
        finished=list(outcome.finished),
        paths=[change.path for change in changes.changes],
        kept=[_plain(refusal) for refusal in outcome.kept],
        unseen=[_plain(refusal) for refusal in outcome.unseen],
        manual_steps=[_plain(step) for step in changes.manual_steps],
    )


def rules_document(rules: Sequence[Rule]) -> str:
    """`migrate explain --format json`."""
    named = get_type_hints(RuleForm)
    plain = [{name: getattr(rule, name) for name in named} for rule in rules]
    return document("rules", rules=plain)


def document(kind: str, **content: Any) -> str:
    """A JSON document with its kind, schema version and the tool's version."""
    head = {"kind": kind, "schema": SCHEMA_VERSION, "tool": f"migrate {__version__}"}
    try:
        return _dumped(head | content)
    except ValueError:
        return _dumped(_sayable(head | content))


def _dumped(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False)


def _sayable(value: Any) -> Any:
    """Numbers of the source that JSON has no form for, as text: 1e999, huge ints."""
    if isinstance(value, dict):
        return {key: _sayable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return hex(value)
    return value


def _plain(record: Any) -> Any:
    """A record as JSON values, without secrets."""
    return shareable(dataclasses.asdict(record))


def _change(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "before": _bytes(change.before),
        "after": _bytes(change.after),
        "reasons": list(change.reasons),
    }


def _bytes(data: bytes | None) -> dict[str, str] | None:
    if data is None:
        return None
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
