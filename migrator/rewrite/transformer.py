"""One pass over one file that carries out its edits and ticks each one off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from migrator.rewrite import task_decorator, web_app
from migrator.rewrite.edits import DecoratorForm, FileEdits, Position, WebAppEdit
from migrator.rewrite.elements import without, without_arguments
from migrator.rewrite.statements import without_small, without_statements

if TYPE_CHECKING:
    from collections.abc import Iterable


class FileTransformer(cst.CSTTransformer):
    """Carries out `edits`; what it could not find stays in `missed`.

    Only positions of the original tree are used, so edits never see each other.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, edits: FileEdits, light_task: str) -> None:
        super().__init__()
        self.edits = edits
        self.light_task = light_task
        self.missed: set[Position] = {
            *edits.decorators,
            *edits.elements,
            *edits.statements,
            *edits.web_apps,
        }
        self.health_is_unplaced = False
        self._removed: list[cst.CSTNode] = []
        self._health_for: WebAppEdit | None = None

    def _range(self, node: cst.CSTNode) -> CodeRange:
        return self.get_metadata(PositionProvider, node)

    def _start(self, node: cst.CSTNode) -> Position:
        start = self._range(node).start
        return (start.line, start.column)

    # ------------------------------------------------------------- decorators

    def leave_FunctionDef(  # noqa: N802 - LibCST's name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        pairs = zip(original_node.decorators, updated_node.decorators, strict=True)
        decorators: list[cst.Decorator] = []
        for original, updated in pairs:
            decorators += self._decorator(original, updated)
        if decorators == list(updated_node.decorators):
            return updated_node
        return updated_node.with_changes(decorators=decorators)

    def _decorator(
        self, original: cst.Decorator, updated: cst.Decorator
    ) -> Iterable[cst.Decorator]:
        place = self._start(original.decorator)
        edit = self.edits.decorators.get(place)
        if edit is None:
            return [updated]
        self.missed.discard(place)
        if edit.form is DecoratorForm.ADOPT:
            return task_decorator.adopted(updated, self.light_task)
        return [task_decorator.replaced(updated, edit, self.light_task, place[1])]

    # --------------------------------------------------------------- elements

    def leave_Dict(  # noqa: N802 - LibCST's name
        self, original_node: cst.Dict, updated_node: cst.Dict
    ) -> cst.Dict:
        return without(
            updated_node,
            [
                isinstance(element, cst.DictElement) and self._is_gone(element.key)
                for element in original_node.elements
            ],
        )

    def leave_List(  # noqa: N802 - LibCST's name
        self, original_node: cst.List, updated_node: cst.List
    ) -> cst.List:
        return without(
            updated_node,
            [self._is_gone(element.value) for element in original_node.elements],
        )

    def _is_gone(self, node: cst.BaseExpression) -> bool:
        place = self._start(node)
        if place not in self.edits.elements:
            return False
        self.missed.discard(place)
        return True

    # ------------------------------------------------------------- statements

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's name
        self,
        original_node: cst.SimpleStatementLine,
        updated_node: cst.SimpleStatementLine,
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        if self._health_for is not None:
            return self._with_health(updated_node)
        gone = [self._is_removed(small) for small in original_node.body]
        if all(gone):
            self._removed.append(updated_node)
        return without_small(updated_node, gone)

    def leave_SimpleStatementSuite(  # noqa: N802 - LibCST's name
        self,
        original_node: cst.SimpleStatementSuite,
        updated_node: cst.SimpleStatementSuite,
    ) -> cst.SimpleStatementSuite:
        gone = [self._is_removed(small) for small in original_node.body]
        return without_small(updated_node, gone)

    def _is_removed(self, node: cst.BaseSmallStatement) -> bool:
        if not _can_go(node):
            return False
        places = self._places_inside(node)
        self.missed.difference_update(places)
        return bool(places)

    def _places_inside(self, node: cst.CSTNode) -> list[Position]:
        if not self.edits.statements:
            return []
        extent = self._range(node)
        first = (extent.start.line, extent.start.column)
        last = (extent.end.line, extent.end.column)
        return [place for place in self.edits.statements if first <= place <= last]

    def leave_IndentedBlock(  # noqa: N802 - LibCST's name
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        del original_node
        return without_statements(updated_node, self._removed)

    def leave_Module(  # noqa: N802 - LibCST's name
        self, original_node: cst.Module, updated_node: cst.Module
    ) -> cst.Module:
        del original_node
        return without_statements(updated_node, self._removed)

    # ------------------------------------------------------- calls, the web app

    def leave_Call(  # noqa: N802 - LibCST's name
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.Call:
        if self.edits.elements:
            updated_node = without_arguments(
                updated_node,
                [
                    argument.keyword is not None and self._is_gone(argument.value)
                    for argument in original_node.args
                ],
            )
        if not self.edits.web_apps:
            return updated_node
        place = self._start(original_node)
        edit = self.edits.web_apps.get(place)
        if edit is None:
            return updated_node
        self.missed.discard(place)
        self._health_for = edit
        return web_app.with_lifespan(updated_node, edit)

    def _with_health(
        self, node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        edit, self._health_for = self._health_for, None
        app = web_app.assigned_name(node)
        if edit is None or not edit.health_router:
            return node
        if app is None:
            self.health_is_unplaced = True
            return node
        return cst.FlattenSentinel(
            [node, web_app.include_health(app, edit.health_router)]
        )


def _can_go(node: cst.BaseSmallStatement) -> bool:
    """Whether nothing else loses its value: a call, or `container[name] = ...`."""
    if isinstance(node, cst.Assign):
        first = node.targets[0].target
        return len(node.targets) == 1 and isinstance(first, cst.Subscript)
    return isinstance(node, cst.Expr)
