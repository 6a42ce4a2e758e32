"""Takes elements out of a dict or list display, and arguments out of a call.

Comments between them survive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

Display = TypeVar("Display", cst.Dict, cst.List)
Element = cst.BaseDictElement | cst.BaseElement
EMPTY = cst.SimpleWhitespace("")


def without(node: Display, is_gone: Sequence[bool]) -> Display:
    """The display without those of its elements that are gone."""
    if not any(is_gone):
        return node
    elements: Sequence[Element] = node.elements
    opening = _opening(node).whitespace_after
    closing = _closing(node).whitespace_before
    kept: list[Element] = []
    for element, gone in zip(elements, is_gone, strict=True):
        if not gone:
            kept.append(element)
            continue
        after = _space_after(element)
        if element is elements[-1] and not isinstance(
            after, cst.ParenthesizedWhitespace
        ):
            after, closing = closing, EMPTY  # the line of the closing bracket
        if kept:
            kept[-1] = _followed_by(kept[-1], after)
        else:
            opening = merged(opening, after)
    if not kept and not _has_comment(opening):
        opening, closing = EMPTY, EMPTY
    return _rebuilt(node, kept, opening, closing)


def without_arguments(node: cst.Call, is_gone: Sequence[bool]) -> cst.Call:
    """The call without those of its arguments that are gone."""
    if not any(is_gone):
        return node
    opening = node.whitespace_before_args
    kept: list[cst.Arg] = []
    for argument, gone in zip(node.args, is_gone, strict=True):
        if not gone:
            kept.append(argument)
            continue
        after = _space_after_argument(argument)
        if kept:
            kept[-1] = _argument_followed_by(kept[-1], after)
        else:
            opening = merged(opening, after)
    if not kept and not _has_comment(opening):
        opening = EMPTY
    return node.with_changes(args=kept, whitespace_before_args=opening)


def _space_after_argument(node: cst.Arg) -> cst.BaseParenthesizableWhitespace:
    if isinstance(node.comma, cst.Comma):
        return node.comma.whitespace_after
    return node.whitespace_after_arg


def _argument_followed_by(
    node: cst.Arg, space: cst.BaseParenthesizableWhitespace
) -> cst.Arg:
    """The kept argument before a removed one, with the removed one's comments."""
    is_last = not isinstance(space, cst.ParenthesizedWhitespace)
    if is_last and isinstance(space, cst.SimpleWhitespace) and not space.value:
        # `f(a=1, b=2)` without b: the closing bracket follows, and no comma.
        return node.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    comma = node.comma if isinstance(node.comma, cst.Comma) else cst.Comma()
    joined = merged(comma.whitespace_after, space)
    return node.with_changes(comma=comma.with_changes(whitespace_after=joined))


def _opening(node: cst.Dict | cst.List) -> cst.LeftCurlyBrace | cst.LeftSquareBracket:
    return node.lbrace if isinstance(node, cst.Dict) else node.lbracket


def _closing(node: cst.Dict | cst.List) -> cst.RightCurlyBrace | cst.RightSquareBracket:
    return node.rbrace if isinstance(node, cst.Dict) else node.rbracket


def _rebuilt(
    node: Display,
    elements: Sequence[Element],
    opening: cst.BaseParenthesizableWhitespace,
    closing: cst.BaseParenthesizableWhitespace,
) -> Display:
    left = _opening(node).with_changes(whitespace_after=opening)
    right = _closing(node).with_changes(whitespace_before=closing)
    if isinstance(node, cst.Dict):
        return node.with_changes(elements=elements, lbrace=left, rbrace=right)
    return node.with_changes(elements=elements, lbracket=left, rbracket=right)


def _space_after(element: Element) -> cst.BaseParenthesizableWhitespace:
    comma = element.comma
    return comma.whitespace_after if isinstance(comma, cst.Comma) else EMPTY


def _followed_by(element: Element, space: cst.BaseParenthesizableWhitespace) -> Element:
    """The kept element before a removed one, with the removed one's comments."""
    comma = element.comma if isinstance(element.comma, cst.Comma) else cst.Comma()
    joined = merged(comma.whitespace_after, space)
    return element.with_changes(comma=comma.with_changes(whitespace_after=joined))


def merged(
    before: cst.BaseParenthesizableWhitespace,
    after: cst.BaseParenthesizableWhitespace,
) -> cst.BaseParenthesizableWhitespace:
    """What stands before and after something removed, as one.

    The comment at the end of the removed thing's own line goes with it.
    """
    if not isinstance(before, cst.ParenthesizedWhitespace):
        return after if isinstance(after, cst.ParenthesizedWhitespace) else before
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return before
    return before.with_changes(
        empty_lines=[*before.empty_lines, *after.empty_lines],
        indent=after.indent,
        last_line=after.last_line,
    )


def _has_comment(space: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace) and (
        space.first_line.comment is not None
        or any(line.comment is not None for line in space.empty_lines)
    )
