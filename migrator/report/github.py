"""The scan as annotations of a GitHub workflow: lines that its runner reads.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import FileStatus, Level
from migrator.shown import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.model import Location
    from migrator.pipeline import Survey
    from migrator.report.baseline import Comparison

REASONS = 3
# Where a person is needed comes first, where nothing can be done last.
ORDER = (Level.REVIEW, Level.LIGHT, Level.HEAVY)


def github_lines(found: Survey, comparison: Comparison | None = None) -> list[str]:
    """Errors first: the runner shows only the first ten of a kind.

    With a comparison only what goes beyond the baseline is said, as errors.
    """
    if comparison is not None:
        title = "New on Celery"
        new = [_line("error", i.text, title, i.location) for i in comparison.new]
        return [*_failures(found), *new]
    return [*_failures(found), *_spots(found), *_tasks(found)]


def _failures(found: Survey) -> Iterator[str]:
    for outcome in found.inventory.files:
        if outcome.status is FileStatus.FAILED:
            text = f"nothing is known of this file: {outcome.reason}"
            yield _command("error", text, file=outcome.path, title="Not read")


def _spots(found: Survey) -> Iterator[str]:
    for spot in found.inventory.blind_spots:
        text = f"{spot.reason} [{spot.text}]"
        yield _line("warning", text, f"Blind spot: {spot.kind}", spot.location)


def _tasks(found: Survey) -> Iterator[str]:
    pairs = zip(found.inventory.tasks, found.verdicts, strict=True)
    for task, verdict in sorted(pairs, key=lambda pair: ORDER.index(pair[1].level)):
        if task.in_tests or task.is_light:
            continue
        is_light = verdict.level is Level.LIGHT
        end = f"could move to: {verdict.target}" if is_light else "stays on Celery"
        reasons = [finding.message for finding in verdict.findings[:REASONS]]
        text = "\n".join([f"{task.name} {end}", *reasons])
        severity = "warning" if verdict.level is Level.REVIEW else "notice"
        title = f"Celery task: {verdict.level}"
        yield _line(severity, text, title, task.location)


def _line(severity: str, message: str, title: str, place: Location) -> str:
    return _command(
        severity,
        message,
        file=place.path,
        line=str(place.line),
        col=str(place.column + 1),
        title=title,
    )


def _command(severity: str, message: str, **properties: str) -> str:
    given = ",".join(f"{name}={_property(v)}" for name, v in properties.items())
    return f"::{severity} {given}::{_data(message)}"


def _data(text: str) -> str:
    """A line end of ours stays one; every other control character is spelled out."""
    rows = [printable(row).replace("%", "%25") for row in text.split("\n")]
    return "%0A".join(rows)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
