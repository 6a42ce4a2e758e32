"""Python expressions as a formatter would write them: double quotes, 88 columns."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

WIDTH = 88
STEP = 4


def python(value: Any) -> str:
    """The literal of a plain value, on one line."""
    return _flat(ast.parse(repr(value), mode="eval").body)


def expression(source: str, indent: int, taken: int) -> str:
    """`source` laid out for a line that is indented by `indent` and holds `taken` more.

    One line where it fits with a comma behind it, else one argument or item per line.
    """
    return _laid_out(ast.parse(source, mode="eval").body, indent, indent + taken)


def _laid_out(node: ast.expr, indent: int, column: int) -> str:
    flat = _flat(node)
    if column + len(flat) + 1 <= WIDTH:
        return flat
    opening, items, closing = _parts(node)
    if not items:
        return flat
    inner = indent + STEP
    lines = []
    for prefix, item in items:
        text = _laid_out(item, inner, inner + len(prefix))
        lines.append(" " * inner + prefix + text + ",")
    return "\n".join([opening, *lines, " " * indent + closing])


def _flat(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return _constant(node.value)
    if not isinstance(node, ast.Call | ast.Tuple | ast.List | ast.Dict):
        return _double_quoted(ast.unparse(node))
    opening, items, closing = _parts(node)
    inner = ", ".join(prefix + _flat(item) for prefix, item in items)
    if isinstance(node, ast.Tuple) and len(items) == 1:
        inner += ","
    return opening + inner + closing


def _double_quoted(source: str) -> str:
    """The expression of one line with its plain strings quoted as formatters do."""
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.STRING and token.string[0] in "'\"":
            left, right = token.start[1], token.end[1]
            text = _constant(ast.literal_eval(token.string))
            source = source[:left] + text + source[right:]
    return source


def _parts(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    if isinstance(node, ast.Call):
        named = [(f"{word.arg}=", word.value) for word in node.keywords]
        plain = [("", argument) for argument in node.args]
        return f"{_flat(node.func)}(", plain + named, ")"
    if isinstance(node, ast.Dict):
        keys = [(f"{_flat(key)}: " if key else "**") for key in node.keys]
        return "{", list(zip(keys, node.values, strict=True)), "}"
    if isinstance(node, ast.Tuple):
        return "(", [("", item) for item in node.elts], ")"
    if isinstance(node, ast.List):
        return "[", [("", item) for item in node.elts], "]"
    return "", [], ""


def _constant(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    text = repr(value)
    if text.startswith("'") and '"' not in text:
        text = '"' + text[1:-1].replace("\\'", "'") + '"'
    return text


def one_line(text: str, width: int) -> str:
    """Text of the project for a comment: printable, on one line, at most `width`."""
    joined = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return joined if len(joined) <= width else joined[: width - 3].rstrip() + "..."


def in_docstring(text: str) -> str:
    """Text of the project inside a docstring: it can neither end it nor escape."""
    return one_line(text, 60).replace("\\", "/").replace('"""', "'''").rstrip('"')
