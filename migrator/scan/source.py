"""From bytes to a syntax tree: encodings, line ends, and newer syntax."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass, field


class UnreadableError(Exception):
    """The file cannot be parsed; the message is the reason of its outcome."""


@dataclass(slots=True)
class SourceText:
    """Text with Unix line ends; columns of `ast` turned into characters."""

    text: str
    lines: list[str] = field(init=False)
    is_ascii: bool = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        self.is_ascii = self.text.isascii()

    def column(self, line: int, offset: int) -> int:
        """The character column of a UTF-8 byte offset, as `ast` counts."""
        if self.is_ascii:
            return offset
        text = self.lines[line - 1]
        if text.isascii():
            return offset
        return len(text.encode("utf-8")[:offset].decode("utf-8", "replace"))

    def of(self, node: ast.expr | ast.stmt) -> str:
        """The source of a node, as written."""
        first, last = node.lineno, node.end_lineno or node.lineno
        start, end = node.col_offset, node.end_col_offset or 0
        if not self.is_ascii:
            start, end = self.column(first, start), self.column(last, end)
        if first == last:
            return self.lines[first - 1][start:end]
        middle = self.lines[first : last - 1]
        return "\n".join(
            [self.lines[first - 1][start:], *middle, self.lines[last - 1][:end]]
        )


def decode(data: bytes) -> str:
    """The text of a Python file, by its BOM or coding cookie, else UTF-8."""
    if b"\0" in data:
        raise UnreadableError("it holds null bytes, as no Python source may")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise UnreadableError(f"its encoding cannot be read: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str) -> ast.Module:
    """A syntax tree; newer syntax than the running Python's is read through LibCST."""
    try:
        return _parse(text)
    except SyntaxError as error:
        from migrator.scan.newer_syntax import rewritten_for_this_python

        older = rewritten_for_this_python(text)
        if older is None:
            raise UnreadableError(_where(error)) from error
        try:
            return _parse(older)
        except (SyntaxError, ValueError) as again:
            raise UnreadableError(_where(error)) from again
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(
            f"it cannot be parsed: {str(error) or 'out of memory'}"
        ) from error


def parse_or_none(text: str) -> ast.Module | None:
    """The same without LibCST; None where the text cannot be parsed."""
    try:
        return _parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the target's code, not of ours
        return ast.parse(text)


def _where(error: SyntaxError) -> str:
    return f"not valid Python at line {error.lineno or 0}: {error.msg}"
