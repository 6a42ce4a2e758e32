"""The terminal, and text made safe for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from migrator.shown import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    # Narrow cells, and a last one of several lines.
    Row = tuple[Sequence[Text], Sequence[Text]]

# A pipe has no width: rich is given one that nothing reaches.
PIPE_WIDTH = 1 << 20
GAP = 2

STYLES = {
    "light": "green",
    "review": "yellow",
    "heavy": "red",
    "celery": "dim",
}

NARROWEST = 24  # what a last column is never made narrower than
HANG = 2  # how much further in a wrapped line goes on


def console(*, stderr: bool = False) -> Console:
    """A console for one stream; honours NO_COLOR, and is plain in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=width is None)


def print_rows(out: Console, titles: Sequence[str], rows: Iterable[Row]) -> None:
    """A table whose last column has several lines.

    On a terminal a long line goes on below itself, further in. In a pipe each line
    stays whole.
    """
    heads = [Text(title, style="bold") for title in titles]
    every: list[Row] = [(heads[:-1], heads[-1:]), *rows]
    columns = range(len(heads) - 1)
    widths = [max(cells[c].cell_len for cells, _ in every) + GAP for c in columns]
    indent = sum(widths)
    for cells, lines in every:
        start = Text()
        for cell, width in zip(cells, widths, strict=True):
            start.append_text(cell).append(" " * (width - cell.cell_len))
        for line in _wrapped(out, lines, out.width - indent):
            out.print(Text.assemble(start, line), soft_wrap=True)
            start = Text(" " * indent)


def print_hanging(out: Console, line: Text) -> None:
    """A line that, on a terminal, goes on below itself, further in."""
    for part in _wrapped(out, [line], out.width):
        out.print(part, soft_wrap=True)


def _wrapped(out: Console, lines: Iterable[Text], width: int) -> Iterator[Text]:
    width = max(width, NARROWEST)
    for line in lines:
        own = len(line.plain) - len(line.plain.lstrip(" "))
        content = line[own:]
        for number, part in enumerate(content.wrap(out, max(width - own - HANG, 1))):
            part.rstrip()
            yield Text(" " * (own + HANG if number else own)) + part


def styled(text: str, style: str = "") -> Text:
    """Project text for rich: never read as markup."""
    return Text(printable(text), style=style)
