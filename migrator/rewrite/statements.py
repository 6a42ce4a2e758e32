"""Takes statements out of a body; the comments above them stay where they stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

Body = TypeVar("Body", cst.Module, cst.IndentedBlock)
Statement = cst.BaseStatement


def without_statements(body: Body, removed: Sequence[cst.CSTNode]) -> Body:
    """The body without the removed nodes (by identity); never left empty."""
    gone = [statement for statement in body.body if _is_among(statement, removed)]
    if not gone:
        return body
    kept: list[Statement] = []
    carried: list[cst.EmptyLine] = []
    above: list[cst.EmptyLine] = []  # blank lines of what went right before
    for statement in body.body:
        if _is_among(statement, removed):
            carried += _comments_above(statement)
            above = max(above, _blank_lines_above(statement), key=len)
            continue
        own: Statement = statement
        if not kept and gone[0] is body.body[0] and not _has_comment_above(body):
            own = _closed_up(statement)
        elif kept and not carried:
            own = _set_apart(statement, above)
        kept.append(_below(carried, own))
        carried, above = [], []
    if not kept and isinstance(body, cst.IndentedBlock):
        line = cst.SimpleStatementLine([cst.Pass()], leading_lines=carried)
        return body.with_changes(body=[line])
    return body.with_changes(body=kept, footer=[*carried, *body.footer])


Line = TypeVar("Line", cst.SimpleStatementLine, cst.SimpleStatementSuite)


def without_small(line: Line, is_gone: Sequence[bool]) -> Line:
    """`a; b` without those that are gone; left alone where a whole line would go."""
    is_suite = isinstance(line, cst.SimpleStatementSuite)
    if not any(is_gone) or (all(is_gone) and not is_suite):
        return line
    kept = [s for s, gone in zip(line.body, is_gone, strict=True) if not gone]
    if not kept:
        return line.with_changes(body=[cst.Pass()])
    if is_gone[-1]:
        kept[-1] = kept[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return line.with_changes(body=kept)


def _is_among(statement: cst.CSTNode, removed: Sequence[cst.CSTNode]) -> bool:
    return any(statement is node for node in removed)


def _has_comment_above(body: cst.Module | cst.IndentedBlock) -> bool:
    """Whether the comment that heads the file stands right above its first line."""
    header = body.header if isinstance(body, cst.Module) else ()
    last = header[-1] if header else None
    return isinstance(last, cst.EmptyLine) and last.comment is not None


def _closed_up(statement: Statement) -> Statement:
    """The statement without blank lines above it: it has become the first one."""
    lines = list(getattr(statement, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    return statement.with_changes(leading_lines=lines)


def _blank_lines_above(statement: Statement) -> list[cst.EmptyLine]:
    lines = list(getattr(statement, "leading_lines", ()))
    end = next((i for i, line in enumerate(lines) if line.comment), len(lines))
    return lines[:end]


def _set_apart(statement: Statement, blank: list[cst.EmptyLine]) -> Statement:
    """The statement, which was apart by what stood between, with its blank lines."""
    own = _blank_lines_above(statement)
    if own or not blank:
        return statement
    lines = list(getattr(statement, "leading_lines", ()))
    return statement.with_changes(leading_lines=[*blank, *lines])


def _comments_above(statement: Statement) -> list[cst.EmptyLine]:
    """The statement's leading lines up to the last comment among them."""
    lines = list(getattr(statement, "leading_lines", ()))
    while lines and lines[-1].comment is None:
        lines.pop()
    return lines


def _below(carried: Sequence[cst.EmptyLine], statement: Statement) -> Statement:
    if not carried:
        return statement
    own = getattr(statement, "leading_lines", ())
    return statement.with_changes(leading_lines=[*carried, *own])
