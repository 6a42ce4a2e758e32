"""Test functions that are about something else: emptied before a file is parsed.

Most of the source that holds a word of Celery's are test files, and most of their
functions say nothing of a task: to read them costs more than all else. `def test_x()`
at the margin of a test file keeps its name and loses its body where the body holds no
word of Celery's and no name that the project gave to a task. Nothing calls such a
function but a test runner. Line numbers stay; a doubt keeps the function.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrator.scan.markers import TO_WORDS
from migrator.scan.vocabulary import (
    APP_SIGNALS,
    CANVAS,
    CONTROL_METHODS,
    DISPATCH,
    LINKS,
    SIGNALS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

# The margin of a file: what starts here ends the function before it.
MARGIN = re.compile(r"\n[^\s#)\]}]")  # five times faster than by MULTILINE
DEFINITION = re.compile(r"(?:async|def|class)\b")
TEST = re.compile(r"(?:async[ \t]+)?def[ \t]+(test_\w*)")
# A function that holds one of these is kept. Quotes and continued lines are here
# because they may make something look like a margin that is none.
PARTS = ('"""', "'''", "\\\n", "elery", "ELERY", "chedule", "CHEDULE", "BROKER_", ".s(")
WORDS = frozenset(
    word.encode()
    for word in (
        *(DISPATCH | LINKS | CANVAS | CONTROL_METHODS | SIGNALS | APP_SIGNALS),
        *("AsyncResult", "GroupResult", "ResultSet", "EagerResult"),
        *("si", "signature", "subtask", "Signature", "starmap", "send_task"),
        *("task", "Task", "register_task", "light_task", "current_task", "class"),
        *("conf", "config_from_object", "autodiscover_tasks", "set_default"),
        *("control", "FastAPI", "Flask", "Starlette", "Quart", "APIRouter"),
        *("Blueprint", "on_event", "add_event_handler", "add_to_chord"),
    )
)


def without_idle_tests(text: str, words: AbstractSet[bytes]) -> str:
    """The text of a test module with the bodies of idle test functions taken out.

    `words` are names of the project, besides Celery's own, that keep a function.
    """
    parts: list[str] = []
    done = 0
    for start, head, end, name in _functions(text):
        body = text[start:end]
        if _is_idle(body, words) and text[start - 2 : start] != "\\\n":
            before, after = body.count("\n", 0, head - start), body.count("\n")
            parts += [text[done:start], "\n" * before, f"def {name}(): pass"]
            parts.append("\n" * (after - before))
            done = end
    return "".join([*parts, text[done:]]) if parts else text


def _functions(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Start with the decorators, start of the `def`, end, and name."""
    margins = [match.start() for match in MARGIN.finditer("\n" + text)]
    start, is_torn = -1, False
    for position, margin in enumerate(margins):
        if text[margin] == "@":
            start = margin if start < 0 else start
            continue
        match = TEST.match(text, margin)
        if match is not None and not is_torn:
            following = margins[position + 1 : position + 2]
            end = following[0] if following else len(text)
            yield (margin if start < 0 else start), margin, end, match[1]
        # The arguments of a decorator stand at the margin: its function is kept.
        is_torn = (start >= 0 or is_torn) and not DEFINITION.match(text, margin)
        start = -1


def _is_idle(body: str, words: AbstractSet[bytes]) -> bool:
    if any(part in body for part in PARTS):
        return False
    found = set(body.encode("utf-8", "surrogatepass").translate(TO_WORDS).split())
    return WORDS.isdisjoint(found) and words.isdisjoint(found)
