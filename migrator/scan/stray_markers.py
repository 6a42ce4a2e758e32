"""`# migrate:` comments that apply to no task: whoever wrote them thinks they do."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, Location, Marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from migrator.model import TaskDefinition
    from migrator.scan.facts import FileFacts
    from migrator.scan.source import SourceText

MARKER = re.compile(r"#\s*migrate:\s*(\w+)[ \t:,-]*(.*)$")
DECISIONS = frozenset({"light", "heavy", "ignore"})
AWAY = "it stands at no task: it belongs between the decorators of one and its `def`"
UNKNOWN = "it says neither light nor heavy nor ignore"


def markers_in(path: str, source: SourceText) -> list[Marker]:
    """Every comment of the kind, whatever it says and wherever it stands."""
    if not any("migrate:" in line for line in source.lines):
        return []
    return [
        Marker(match[1], match[2].strip(), Location(path, line, column + match.start()))
        for text, line, column in _comments(source.text)
        if (match := MARKER.search(text))
    ]


def _comments(text: str) -> Iterator[tuple[str, int, int]]:
    """Comments with their places, up to where Python cannot tell them any more."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.string, *token.start
    except (tokenize.TokenError, SyntaxError):
        return


def stray_markers(
    files: Iterable[FileFacts], tasks: Iterable[TaskDefinition]
) -> list[BlindSpot]:
    """A spot for each that no task has taken.

    A word that is none of the three is told only inside a definition: elsewhere such
    a comment may be about anything.
    """
    tasks = list(tasks)
    taken = {task.marker.location for task in tasks if task.marker is not None}
    ranges = {
        (task.location.path, line)
        for task in tasks
        for line in range(task.decorator.line, task.location.line + 1)
    }
    spots: list[BlindSpot] = []
    for facts in files:
        for marker in facts.markers:
            place = marker.location
            if place in taken:
                continue
            is_known = marker.decision in DECISIONS
            if is_known or (place.path, place.line) in ranges:
                text = f"# migrate: {marker.decision} {marker.reason}".strip()
                reason = AWAY if is_known else UNKNOWN
                spots.append(BlindSpot("stray-marker", place, text, reason))
    return spots
