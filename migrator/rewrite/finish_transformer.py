"""One pass over one file that makes tasks plain functions, and their calls native."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst
import libcst.matchers as m
from libcst.metadata import PositionProvider

from migrator.model import Callers
from migrator.rewrite import handler, native_calls, web_app

if TYPE_CHECKING:
    from migrator.rewrite.edits import Position


@dataclass(frozen=True, slots=True)
class CallEdit:
    task: str
    form: Callers


@dataclass(slots=True)
class FinishEdits:
    """What to do in one file. Positions as in `edits.Position`."""

    decorators: dict[Position, str] = field(default_factory=dict)  # to the task
    calls: dict[Position, CallEdit] = field(default_factory=dict)
    web_apps: set[Position] = field(default_factory=set)

    @property
    def tasks(self) -> set[str]:
        return {*self.decorators.values(), *(call.task for call in self.calls.values())}


@dataclass(slots=True)
class _Function:
    node: cst.FunctionDef
    name: str = ""  # of the parameter that background calls use
    is_added: bool = False


class FinishTransformer(cst.CSTTransformer):
    """Carries out `edits`; what it could not find stays in `missed`.

    A call that has no native form is in `refused`, by task, with its place and why.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, edits: FinishEdits) -> None:
        super().__init__()
        self.edits = edits
        self.missed: set[Position] = {*edits.decorators, *edits.calls, *edits.web_apps}
        self.refused: dict[str, tuple[Position, str]] = {}
        self.needs_background = False
        self._functions: list[_Function] = []

    def _start(self, node: cst.CSTNode) -> Position:
        start = self.get_metadata(PositionProvider, node).start
        return (start.line, start.column)

    # -------------------------------------------------------------- functions

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - LibCST's name
        self._functions.append(_Function(node))

    def leave_FunctionDef(  # noqa: N802 - LibCST's name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        function = self._functions.pop()
        changed = updated_node
        for index in reversed(range(len(original_node.decorators))):
            place = self._start(original_node.decorators[index].decorator)
            if place in self.edits.decorators:
                self.missed.discard(place)
                changed = _without_decorator(changed, index)
        if function.is_added:
            self.needs_background = True
            changed = handler.with_parameter(changed)
        return changed

    # ------------------------------------------------------------------ calls

    def leave_Call(  # noqa: N802 - LibCST's name
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.Call:
        place = self._start(original_node)
        if place in self.edits.web_apps and (
            unwrapped := web_app.without_lifespan(updated_node)
        ):
            self.missed.discard(place)
            return unwrapped
        edit = self.edits.calls.get(place)
        if edit is None or not native_calls.is_sending(original_node):
            return updated_node
        self.missed.discard(place)
        try:
            return self._native(updated_node, place, edit)
        except native_calls.NotNativeError as error:
            self.refused[edit.task] = (place, str(error))
            return updated_node

    def _native(self, call: cst.Call, place: Position, edit: CallEdit) -> cst.Call:
        if edit.form is Callers.DIRECT:
            return native_calls.direct(call, place[1])
        return native_calls.background(call, place[1], self._background_name(place))

    def _background_name(self, place: Position) -> str:
        """The parameter of the handler around the call, which gets one if need be."""
        function = self._functions[-1] if self._functions else None
        if function is None or not handler.is_handler(function.node):
            raise native_calls.NotNativeError("it does not stand in a FastAPI handler")
        raised = m.findall(function.node, m.Raise())
        if any(self._start(node) > place for node in raised):
            raise native_calls.NotNativeError(
                "its handler may raise after it, and FastAPI then drops what was added"
            )
        if not function.name:
            function.name = handler.parameter_name(function.node)
        if not function.name:
            if handler.mentions(function.node, handler.NAME):
                raise native_calls.NotNativeError(
                    f"{handler.NAME} means something else in its handler"
                )
            function.name, function.is_added = handler.NAME, True
        return function.name


def _without_decorator(function: cst.FunctionDef, index: int) -> cst.FunctionDef:
    """The function without one of its decorators; comments above it stay."""
    decorators = list(function.decorators)
    lines = list(decorators.pop(index).leading_lines)
    if index < len(decorators):
        below = decorators[index]
        decorators[index] = below.with_changes(
            leading_lines=[*lines, *below.leading_lines]
        )
        return function.with_changes(decorators=decorators)
    after = [*lines, *function.lines_after_decorators]
    return function.with_changes(decorators=decorators, lines_after_decorators=after)
