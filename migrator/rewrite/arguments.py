"""Adds a keyword argument to a call in the layout that the call already has."""

from __future__ import annotations

import libcst as cst

# What the usual formatters hold a line to; a longer call is laid out as they would.
LINE_LENGTH = 88
ONE_SPACE = cst.SimpleWhitespace(" ")
FOUR_SPACES = cst.SimpleWhitespace("    ")
NO_SPACE = cst.SimpleWhitespace("")


def keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    return cst.Arg(
        keyword=cst.Name(name),
        value=value,
        equal=cst.AssignEqual(NO_SPACE, NO_SPACE),
    )


def _separator(call: cst.Call) -> cst.Comma:
    """The comma that stands between the call's arguments, or would."""
    if len(call.args) > 1 and isinstance(call.args[0].comma, cst.Comma):
        between = call.args[0].comma.whitespace_after
        if isinstance(between, cst.SimpleWhitespace):
            return cst.Comma(whitespace_after=between)
    if isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
        indent = call.whitespace_before_args.last_line
        line = cst.ParenthesizedWhitespace(indent=True, last_line=indent)
        return cst.Comma(whitespace_after=line)
    return cst.Comma(whitespace_after=ONE_SPACE)


def prepend(call: cst.Call, *added: cst.Arg) -> cst.Call:
    """The call with keywords before all others."""
    if not call.args:
        first = [a.with_changes(comma=_separator(call)) for a in added[:-1]]
        return call.with_changes(args=[*first, added[-1]])
    separated = [a.with_changes(comma=_separator(call)) for a in added]
    return call.with_changes(args=[*separated, *call.args])


def append(call: cst.Call, added: cst.Arg) -> cst.Call:
    """The call with a keyword after all others; a trailing comma stays trailing."""
    if not call.args:
        return call.with_changes(args=[added])
    *head, last = call.args
    return call.with_changes(
        args=[
            *head,
            last.with_changes(comma=_separator(call)),
            added.with_changes(
                comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
            ),
        ]
    )


def fitted(call: cst.Call, length_before: int) -> cst.Call:
    """The call, an argument to a line where its one line would be too long.

    `length_before` is the number of characters that stand before it on its line.
    """
    text = cst.Module([]).code_for_node(call)
    if "\n" in text or length_before + len(text) <= LINE_LENGTH or not call.args:
        return call
    indented = cst.ParenthesizedWhitespace(indent=True, last_line=FOUR_SPACES)
    closing = cst.ParenthesizedWhitespace(indent=True)
    *head, last = call.args
    args = [a.with_changes(comma=cst.Comma(whitespace_after=indented)) for a in head]
    args.append(last.with_changes(comma=cst.Comma(whitespace_after=closing)))
    return call.with_changes(whitespace_before_args=indented, args=args)
