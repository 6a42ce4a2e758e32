"""LibCST behind `newer_syntax`: PEP 695 and 758, and strings of PEP 701 and 750."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libcst.metadata import CodeRange


def _parenthesised(value: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, cst.Tuple) and not value.lpar:
        return value.with_changes(
            lpar=[cst.LeftParen()],
            rpar=[cst.RightParen()],
            elements=_tight(value.elements),
        )
    return value


def _tight(elements: Sequence[cst.BaseElement]) -> list[cst.BaseElement]:
    """Without the spaces behind commas: the brackets take their room."""
    tight = [
        element.with_changes(comma=cst.Comma())
        if isinstance(element.comma, cst.Comma)
        else element
        for element in elements[:-1]
    ]
    return [*tight, elements[-1]]


class OlderForm(cst.CSTTransformer):
    """Brackets around exception lists, and no type parameters."""

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


class _Strings(cst.CSTVisitor):
    """The outermost f-strings and t-strings, with the expressions in them."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[CodeRange, list[cst.BaseExpression]]] = []

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:  # noqa: N802 - LibCST names it
        return self._keep(node)

    def visit_TemplatedString(self, node: cst.TemplatedString) -> bool:  # noqa: N802 - LibCST names it
        return self._keep(node)

    def visit_ConcatenatedString(self, node: cst.ConcatenatedString) -> bool:  # noqa: N802 - LibCST names it
        return self._keep(node)

    def _keep(self, node: cst.BaseExpression) -> bool:
        place = self.get_metadata(PositionProvider, node)
        self.found.append((place, _expressions(node)))
        return False


def _expressions(node: cst.CSTNode) -> list[cst.BaseExpression]:
    if isinstance(node, cst.FormattedStringExpression | cst.TemplatedStringExpression):
        return [node.expression]
    return [inner for child in node.children for inner in _expressions(child)]


def without_template_strings(text: str) -> str:
    """Each f-string as a tuple of its expressions, over the same lines."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    strings = _Strings()
    wrapper.visit(strings)
    lines = text.split("\n")
    for place, inner in reversed(strings.found):
        first, last = place.start.line - 1, place.end.line - 1
        shown = "".join(f"{wrapper.module.code_for_node(one)}," for one in inner)
        shown = " ".join(shown.split("\n")) if inner else '""'
        tail = lines[last][place.end.column :]
        lines[first] = f"{lines[first][: place.start.column]}({shown}"
        if first == last:
            lines[first] += f"){tail}"
        else:
            lines[first + 1 : last] = [""] * (last - first - 1)
            lines[last] = f"){tail}"
    return "\n".join(lines)
