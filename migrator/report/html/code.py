"""A few lines of source around a definition, with the lines that reasons name."""

from __future__ import annotations

import io
import keyword
import tokenize
from typing import TYPE_CHECKING

from migrator.report.html.markup import Html, join, lines, tag
from migrator.shown import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from migrator.model import Location, TaskDefinition

AFTER_DEFINITION = 6
AROUND_REASON = 1
MOST_LINES = 40
MOST_COLUMNS = 200

# Of Python 3.12 and newer, whose tokens inside an f-string are tokens of their own.
FSTRING = frozenset({"FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"})

Piece = tuple[int, int, str]  # start, end, class


class Sources:
    """Lines of the project's files, decoded once each."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._files: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str]:
        """The file's lines as Python counts them; nothing where it cannot be read."""
        if path not in self._files:
            try:
                text = decoded(self._read(path))
            except OSError:
                text = ""  # the page says so in place of the excerpt
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._files[path] = [without_secrets(line) for line in text.split("\n")]
        return self._files[path]


def decoded(data: bytes) -> str:
    """By the file's own encoding cookie; bytes that do not fit it as replacements."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        encoding = "utf-8"
    return data.decode(encoding, "replace")


def excerpt(
    sources: Sources, task: TaskDefinition, reasons: Iterable[Location]
) -> Html:
    """The head of the definition, and each place in its file that a reason names."""
    path = task.location.path
    found = sources.lines(path)
    named = {place.line for place in reasons if place.path == path}
    first = min(task.decorator.line, task.location.line)
    wanted = set(range(first, task.location.line + AFTER_DEFINITION + 1))
    for line in named:
        wanted |= set(range(line - AROUND_REASON, line + AROUND_REASON + 1))
    shown = sorted(line for line in wanted if 0 < line <= len(found))[:MOST_LINES]
    if not any(found):
        return tag("p", "The file could not be read again.", class_="quiet")
    return tag(
        "pre",
        tag("code", *_rows(found, shown, named)),
        class_="code",
        tabindex="0",
        role="region",
        aria_label=f"Source of {task.name}",
    )


def _rows(
    found: Sequence[str], shown: Sequence[int], named: set[int]
) -> Iterator[Html]:
    before = shown[0] - 1 if shown else 0
    pieces: dict[int, list[Piece]] = {}
    for chunk in _chunks(shown):
        pieces |= coloured(found, chunk)
    for line in shown:
        if line != before + 1:
            yield tag("span", "⋯", class_="gap")
        before = line
        content = _coloured_line(found[line - 1], pieces.get(line, []))
        is_named = line in named
        mark = tag("span", " (named by a reason)", class_="hidden")
        # The number is no text: who copies the lines gets the lines.
        yield tag(
            "span",
            content,
            mark if is_named else None,
            class_="row hit" if is_named else "row",
            data_n=line,
        )


def _chunks(shown: Sequence[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for line in shown:
        if chunk and line != chunk[-1] + 1:
            yield chunk
            chunk = []
        chunk.append(line)
    if chunk:
        yield chunk


def coloured(found: Sequence[str], chunk: Sequence[int]) -> dict[int, list[Piece]]:
    """What to colour on each line; nothing where Python cannot split it up."""
    source = "\n".join(found[line - 1] for line in chunk) + "\n"
    pieces: dict[int, list[Piece]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if kind := _kind(token):
                for line, start, end in _spans(token):
                    pieces.setdefault(chunk[0] + line - 1, []).append(
                        (start, end, kind)
                    )
    except (tokenize.TokenError, SyntaxError):
        return pieces  # a piece of a file need not be complete
    return pieces


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "c"
    if token.type == tokenize.STRING or tokenize.tok_name[token.type] in FSTRING:
        return "s"
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return "k"
    return ""


def _spans(token: tokenize.TokenInfo) -> Iterator[tuple[int, int, int]]:
    """A token over several lines, line by line."""
    (first, start), (last, end) = token.start, token.end
    for number, text in enumerate(token.string.split("\n"), first):
        left = start if number == first else 0
        yield number, left, end if number == last else left + len(text)


def _coloured_line(source: str, pieces: Sequence[Piece]) -> Html:
    parts: list[Html] = []
    at = 0
    shown = source[:MOST_COLUMNS]
    for first, end, kind in pieces:
        start = max(first, at)
        parts.append(lines(shown[at:start]))
        parts.append(tag("span", lines(shown[start:end]), class_=kind))
        at = end
    parts.append(lines(shown[at:]))
    if len(source) > MOST_COLUMNS:
        parts.append(tag("span", " ⋯", class_="quiet"))
    return join(parts)
