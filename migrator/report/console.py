"""The terminal, and text made safe for it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

# A pipe has no width: wide enough that rows keep to one line.
PIPE_WIDTH = 160

STYLES = {
    "light": "green",
    "review": "yellow",
    "heavy": "red",
    "celery": "dim",
}


def console(*, stderr: bool = False) -> Console:
    """A console for one stream; honours NO_COLOR, and is plain in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=width is None)


def printable(text: str) -> str:
    """The text with control characters, bidi marks and lone surrogates spelled out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def styled(text: str, style: str = "") -> Text:
    """Project text for rich: never read as markup."""
    return Text(printable(text), style=style)
