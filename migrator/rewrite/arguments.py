"""Adds a keyword argument to a call in the layout that the call already has."""

from __future__ import annotations

import libcst as cst

ONE_SPACE = cst.SimpleWhitespace(" ")
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
