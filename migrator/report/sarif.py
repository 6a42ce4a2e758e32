"""The scan as SARIF 2.1.0, for code-scanning viewers.

A result for each task (its verdict) and for each finding (its place). What a person
decided against the findings is a suppression; files that failed are notifications.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from migrator._version import __version__
from migrator.classify import Kind, rules
from migrator.model import FileStatus, Level
from migrator.report.baseline import TASK_RULE, blind_spot_key, task_key
from migrator.shown import printable

if TYPE_CHECKING:
    from migrator.classify import Rule
    from migrator.model import BlindSpot, Finding, Location, TaskDefinition, Verdict
    from migrator.pipeline import Survey
    from migrator.report.baseline import Comparison

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
SPOT_RULE = "blind-spot"
# A light task and one to look at are news; a heavy one is as it should be.
LEVEL_OF_TASK = {Level.LIGHT: "note", Level.REVIEW: "warning", Level.HEAVY: "none"}
LEVEL_OF_RULE = {Kind.VETO: "warning", Kind.UNKNOWN: "warning", Kind.SIGNAL: "note"}

Object = dict[str, Any]


def sarif_document(found: Survey, comparison: Comparison | None = None) -> str:
    """One run. With a comparison, each result says whether the baseline has it."""
    descriptors = [_task_rule(), _spot_rule(), *map(_rule, rules())]
    index = {entry["id"]: number for number, entry in enumerate(descriptors)}
    results = _results(found, comparison)
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    driver = {
        "name": "migrate",
        "semanticVersion": __version__,
        "rules": descriptors,
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "migrate/scan/"},
        "invocations": [_invocation(found)],
        "originalUriBaseIds": {ROOT: {"description": _text("root of the project")}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True)


def _text(text: str) -> Object:
    return {"text": printable(text) or "-"}


# ---------------------------------------------------------------------- rules


def _rule(rule: Rule) -> Object:
    guidance = f"{rule.guidance}\n\n" if rule.guidance else ""
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": f"{guidance}Example:\n\n{rule.example}"},
        "defaultConfiguration": {"level": LEVEL_OF_RULE[rule.kind]},
        "properties": {"kind": str(rule.kind), "weight": rule.weight},
    }


def _task_rule() -> Object:
    return {
        "id": TASK_RULE,
        "shortDescription": {"text": "A Celery task, and whether it can move."},
        "fullDescription": {
            "text": "Light tasks can leave Celery, heavy ones stay, and of those "
            "between the two a person decides."
        },
        "help": {"text": "`migrate plan` writes a plan for the light ones."},
        "defaultConfiguration": {"level": "note"},
    }


def _spot_rule() -> Object:
    return {
        "id": SPOT_RULE,
        "shortDescription": {"text": "Something was seen and could not be resolved."},
        "help": {"text": "Look at the place: a task or a caller may be hidden in it."},
        "defaultConfiguration": {"level": "note"},
    }


# -------------------------------------------------------------------- results


def _results(found: Survey, comparison: Comparison | None) -> list[Object]:
    inventory = found.inventory
    results = []
    for task, verdict in zip(inventory.tasks, found.verdicts, strict=True):
        if task.in_tests:
            continue
        of_task = [_task_result(task, verdict)]
        of_task += [_finding_result(task, finding) for finding in verdict.findings]
        for result in of_task:
            result["suppressions"] = _suppressions(verdict)
            _compare(result, comparison, task.location.path, task_key(task))
        results += of_task
    for spot in inventory.blind_spots:
        result = _spot_result(spot)
        _compare(result, comparison, spot.location.path, blind_spot_key(spot))
        results.append(result)
    return results


def _compare(
    result: Object, comparison: Comparison | None, path: str, key: str
) -> None:
    if comparison is not None:
        is_new = (path, key) in comparison.new_keys
        result["baselineState"] = "new" if is_new else "unchanged"


def _task_result(task: TaskDefinition, verdict: Verdict) -> Object:
    reasons = "; ".join(finding.message for finding in verdict.findings[:3])
    because = f": {reasons}" if reasons else ""
    message = f"{task.name} is {verdict.level} ({verdict.target}){because}"
    level = LEVEL_OF_TASK[verdict.level]
    result = _result(TASK_RULE, level, message, task.location, task.name)
    return result | {
        "properties": {
            "verdict": str(verdict.level),
            "score": verdict.score,
            "target": str(verdict.target),
            "confirmed": verdict.is_confirmed,
        }
    }


def _finding_result(task: TaskDefinition, finding: Finding) -> Object:
    if finding.is_veto or finding.is_unknown:
        level = "warning"
    else:
        level = "note" if finding.weight > 0 else "none"
    message = f"{task.name}: {finding.message}"
    return _result(finding.rule, level, message, finding.location, task.name)


def _spot_result(spot: BlindSpot) -> Object:
    message = f"{spot.kind}: {spot.reason} [{spot.text}]"
    result = _result(SPOT_RULE, "note", message, spot.location, spot.text)
    return result | {"suppressions": []}


def _result(rule: str, level: str, message: str, place: Location, of: str) -> Object:
    # Stable when lines move: the place is no part of it.
    identity = f"{rule}\0{place.path}\0{of}\0{message}"
    digest = hashlib.blake2b(identity.encode("utf-8", "replace"), digest_size=16)
    return {
        "ruleId": rule,
        "kind": "informational" if level == "none" else "fail",
        "level": level,
        "message": _text(message),
        "locations": [_location(place)],
        "partialFingerprints": {"migrate/v1": digest.hexdigest()},
    }


def _location(place: Location) -> Object:
    region = {"startLine": max(place.line, 1), "startColumn": place.column + 1}
    return {"physicalLocation": _artifact(place.path) | {"region": region}}


def _artifact(path: str) -> Object:
    uri = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return {"artifactLocation": {"uri": uri, "uriBaseId": ROOT}}


def _suppressions(verdict: Verdict) -> list[Object]:
    if not verdict.overridden_by:
        return []
    kind = "inSource" if verdict.overridden_by.startswith("comment") else "external"
    said = f"decided by {verdict.overridden_by}"
    return [{"kind": kind, "justification": printable(said)}]


def _invocation(found: Survey) -> Object:
    failed = [o for o in found.inventory.files if o.status is FileStatus.FAILED]
    return {
        "executionSuccessful": not failed,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": _text(f"nothing is known of {o.path}: {o.reason}"),
                "locations": [{"physicalLocation": _artifact(o.path)}],
            }
            for o in failed
        ],
    }
