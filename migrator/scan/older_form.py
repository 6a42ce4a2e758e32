"""The LibCST transformer behind `newer_syntax`: PEP 695, 696, 701, 750 and 758."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence


def _parenthesised(value: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, cst.Tuple) and not value.lpar:
        return value.with_changes(
            lpar=[cst.LeftParen()],
            rpar=[cst.RightParen()],
            elements=_tight(value.elements),
        )
    return value


def _tight(elements: Sequence[cst.BaseElement]) -> list[cst.BaseElement]:
    """Without the spaces behind commas: the brackets take their room, on average."""
    plain = cst.SimpleWhitespace("")
    tight = [
        element.with_changes(comma=cst.Comma(whitespace_after=plain))
        if isinstance(element.comma, cst.Comma)
        else element
        for element in elements[:-1]
    ]
    return [*tight, elements[-1]]


class OlderForm(cst.CSTTransformer):
    """Brackets around exception lists; no type parameters; plain strings."""

    def leave_ExceptHandler(  # noqa: N802 - LibCST names it
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        del original_node
        if updated_node.type is None:
            return updated_node
        return updated_node.with_changes(type=_parenthesised(updated_node.type))

    def leave_ExceptStarHandler(  # noqa: N802 - LibCST names it
        self, original_node: cst.ExceptStarHandler, updated_node: cst.ExceptStarHandler
    ) -> cst.ExceptStarHandler:
        del original_node
        return updated_node.with_changes(type=_parenthesised(updated_node.type))

    def leave_FunctionDef(  # noqa: N802 - LibCST names it
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        del original_node
        return updated_node.with_changes(type_parameters=None)

    def leave_ClassDef(  # noqa: N802 - LibCST names it
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        del original_node
        return updated_node.with_changes(type_parameters=None)

    def leave_TypeAlias(  # noqa: N802 - LibCST names it
        self, original_node: cst.TypeAlias, updated_node: cst.TypeAlias
    ) -> cst.Assign:
        del original_node
        target = cst.AssignTarget(updated_node.name)
        return cst.Assign(targets=[target], value=updated_node.value)

    def leave_FormattedString(  # noqa: N802 - LibCST names it
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.BaseExpression:
        del original_node
        return _as_tuple(updated_node.parts, updated_node)

    def leave_TemplatedString(  # noqa: N802 - LibCST names it
        self, original_node: cst.TemplatedString, updated_node: cst.TemplatedString
    ) -> cst.BaseExpression:
        del original_node
        return _as_tuple(updated_node.parts, updated_node)


def _as_tuple(
    parts: Sequence[cst.CSTNode], node: cst.BaseExpression
) -> cst.BaseExpression:
    """The expressions of an f-string, so that the calls in them are seen.

    Implicit concatenation with another string needs a string: there it stays.
    """
    inner = [
        part.expression
        for part in parts
        if isinstance(
            part, cst.FormattedStringExpression | cst.TemplatedStringExpression
        )
    ]
    if not inner:
        return cst.SimpleString('""', lpar=node.lpar, rpar=node.rpar)
    return cst.Tuple(
        elements=[cst.Element(value) for value in inner],
        lpar=[cst.LeftParen()],
        rpar=[cst.RightParen()],
    )
