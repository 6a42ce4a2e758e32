"""Every place that calls, sends, composes, passes on or mocks a task."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, CallKind, CallSite, Location, Option
from migrator.scan.collected_signatures import CollectedSignatures, given_members
from migrator.scan.handle import Handle
from migrator.scan.options import keyword_value, options_of, text_of
from migrator.scan.task_values import enclosing
from migrator.scan.vocabulary import (
    BODY_ATTRIBUTES,
    CONTROL_METHODS,
    DISPATCH,
    LINK_CONTEXTS,
    LINKS,
    RESULT_METHODS,
    SIGNATURE_METHODS,
    SPREAD_METHODS,
    TASK_METHODS,
)
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import CallFact, FileFacts
    from migrator.scan.handlers import RequestHandlers
    from migrator.scan.handles import Handles
    from migrator.scan.relevance import Relevance
    from migrator.scan.resolve import Resolver
    from migrator.scan.subclass_members import SubclassMembers

KINDS = {
    "delay": CallKind.DELAY,
    "apply_async": CallKind.APPLY_ASYNC,
    "delay_on_commit": CallKind.DELAY_ON_COMMIT,
    "apply_async_on_commit": CallKind.DELAY_ON_COMMIT,
    "apply": CallKind.APPLY,
}


class CallSites:
    """Turns the calls and references of a file into call sites and blind spots."""

    def __init__(
        self,
        resolver: Resolver,
        handles: Handles,
        handlers: RequestHandlers,
        relevance: Relevance,
        below: SubclassMembers,
    ) -> None:
        self._resolver = resolver
        self._below = below
        self._relevance = relevance
        self._tasks = handles.task_keys
        self._collected = CollectedSignatures(resolver)
        self._canvas_of: dict[tuple[int, int], str] = {}
        self._handles = handles
        self._handlers = handlers
        self.sites: list[CallSite] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        self._canvas_of = self._collected.of(facts)
        for call in facts.calls:
            self._call(facts, call)

    # ------------------------------------------------------------------- calls

    def _call(self, facts: FileFacts, call: CallFact) -> None:
        last = call.chain[-1]
        if last == "send_task":
            self._send_task(facts, call)
        elif last in DISPATCH:
            self._dispatch(facts, call)
        elif last in {"retry", "replace", "update_state", "add_to_chord"}:
            self._own_method(facts, call)
        elif last in TASK_METHODS:
            self._method(facts, call)
        elif last in LINKS:
            self._link(facts, call)
        elif "control" in call.chain[:-1] or last in CONTROL_METHODS:
            self._control(facts, call)
            if last in RESULT_METHODS:
                self._result(facts, call)
        elif last in RESULT_METHODS or last in {"AsyncResult", "GroupResult"}:
            self._result(facts, call)
        else:
            self._direct(facts, call)

    def receiver(self, facts: FileFacts, call: CallFact) -> list[Handle]:
        """What the callee's part before the last dot is."""
        if call.node is not None and isinstance(call.node.func, ast.Attribute):
            return self._handles.of(facts, call.scope, call.node.func.value)
        if call.is_plain and len(call.chain) > 1:
            return self._handles.of_chain(facts, call.scope, call.chain[:-1])
        return []

    def _dispatch(self, facts: FileFacts, call: CallFact) -> None:
        if len(call.chain) == 1:
            return  # a function of the project that is named like the method
        kind = KINDS[call.chain[-1]]
        receivers = self.receiver(facts, call)
        known = [h for h in receivers if h.kind in {"task", "signature"} and h.task]
        for handle in known:
            detail = "signature" if handle.kind == "signature" else handle.attribute
            self._add(facts, call, kind, handle, detail=detail)
        if known:
            unseen = [one.reason for one in receivers if one.kind == "unknown"]
            if unseen:
                self._blind(facts, call, "unresolved-receiver", unseen)
            return
        if any(handle.kind == "canvas" for handle in receivers):
            self._add(facts, call, CallKind.CANVAS, None, detail=call.chain[-1])
            self._given_members(facts, call)
            return
        if self._is_own_method(facts, call):
            return
        if any(handle.kind == "super" for handle in receivers):
            reason = "a Task class changes how its tasks are sent"
            self._blind(facts, call, "overridden-dispatch", [reason])
            return
        if self._is_told_by_subclasses(facts, call, kind):
            return
        self._add(facts, call, kind, None)
        reasons = [handle.reason for handle in receivers if handle.reason]
        self._blind(facts, call, "unresolved-receiver", reasons)

    def _given_members(self, facts: FileFacts, call: CallFact) -> None:
        if call.node is None or not isinstance(call.node.func, ast.Attribute):
            return
        canvas = call.node.func.value
        names = given_members(self._resolver, facts, call.scope, canvas)
        if names:
            given = ", ".join(f"`{name}`" for name in names)
            reason = f"its members come in as {given}: who calls this decides"
            self._blind(facts, call, "canvas-members", [reason])

    def _is_told_by_subclasses(
        self, facts: FileFacts, call: CallFact, kind: CallKind
    ) -> bool:
        """`self.task.delay()`, where each subclass sets a task of its own."""
        if call.node is None or not isinstance(call.node.func, ast.Attribute):
            return False
        handles = self._below.of(facts, call.scope, call.node.func.value)
        known = [handle for handle in handles if handle.kind == "task" and handle.task]
        for handle in known:
            self._add(facts, call, kind, handle.task, detail=handle.attribute)
        unseen = [handle.reason for handle in handles if handle.kind == "unknown"]
        if known and unseen:
            self._blind(facts, call, "unresolved-receiver", unseen)
        return bool(known)

    def _is_own_method(self, facts: FileFacts, call: CallFact) -> bool:
        """A method of a project class that is no task, named like Celery's."""
        if call.node is None or not isinstance(call.node.func, ast.Attribute):
            return False
        found = self._resolver.expression(facts, call.scope, call.node.func)
        return bool(found) and all(
            one.kind == "definition"
            and not one.rest
            and one.key not in self._tasks
            and not self._handlers.is_in_task_class(one)
            for one in found
        )

    def _method(self, facts: FileFacts, call: CallFact) -> None:
        """`.s`, `.si`, `.signature`, `.apply`, `.map` and their kin: common names."""
        last = call.chain[-1]
        if last in {"signature", "subtask"} and self._named_signature(facts, call):
            return
        receivers = self.receiver(facts, call)
        if last in SIGNATURE_METHODS and self._is_celerys(facts, last):
            self._unseen_signature(facts, call, receivers)
        for handle in receivers:
            if handle.kind == "signature" and last == "apply" and handle.task:
                self._add(facts, call, CallKind.APPLY, handle, detail="signature")
            if handle.kind != "task" or handle.attribute not in {"", *BODY_ATTRIBUTES}:
                continue
            if last in SPREAD_METHODS:
                self._add(facts, call, CallKind.CANVAS, handle, detail=last)
            elif last in SIGNATURE_METHODS:
                kind, detail = self._signature_kind(call)
                self._add(facts, call, kind, handle, detail)
            else:
                self._add(facts, call, KINDS[last], handle)

    def _is_celerys(self, facts: FileFacts, name: str) -> bool:
        """Whether a method of this name is Celery's, by the file it is called in."""
        return name in {"si", "subtask"} or any(
            one.split(".", 1)[0] == "celery" for one in facts.imports
        )

    def _unseen_signature(
        self, facts: FileFacts, call: CallFact, receivers: list[Handle]
    ) -> None:
        reasons = [handle.reason for handle in receivers if handle.kind == "unknown"]
        if not reasons or len(reasons) < len(receivers) or _is_of_python(facts, call):
            return
        kind, detail = self._signature_kind(call)
        self._add(facts, call, kind, None, detail=detail)
        self._blind(facts, call, "unresolved-receiver", reasons)

    def _signature_kind(self, call: CallFact) -> tuple[CallKind, str]:
        canvas = call.canvas or self._canvas_of.get((call.line, call.column), "")
        if canvas in LINK_CONTEXTS:
            return CallKind.LINK, canvas
        if canvas:
            return CallKind.CANVAS, canvas
        return CallKind.SIGNATURE, call.chain[-1]

    def _named_signature(self, facts: FileFacts, call: CallFact) -> bool:
        """`signature("name")`, `app.signature("name")`."""
        if call.node is None or not call.node.args:
            return False
        callees = self._resolver.expression(facts, call.scope, call.node.func)
        names = {found.name for found in callees if found.kind == "external"}
        is_method = len(call.chain) > 1 and any(
            handle.kind == "app" for handle in self.receiver(facts, call)
        )
        if not is_method and not any(name.startswith("celery") for name in names):
            return False
        text = self._handles.text(facts, call.scope, call.node.args[0])
        if text is None:
            self._add(facts, call, CallKind.SIGNATURE, None, detail="signature")
            self._blind(facts, call, "dynamic-signature", ["its name is an expression"])
        else:
            kind, detail = self._signature_kind(call)
            self._add(facts, call, kind, text, detail)
        return True

    def _send_task(self, facts: FileFacts, call: CallFact) -> None:
        text = None
        if call.node is not None:
            node = call.node
            named = node.args[0] if node.args else keyword_value(node, "name")
            if named is not None:
                text = self._handles.text(facts, call.scope, named)
        self._add(facts, call, CallKind.SEND_TASK, text)
        if text is None:
            reason = "the name of the task is an expression that is known at run time"
            self._blind(facts, call, "dynamic-send-task", [reason])

    def _own_method(self, facts: FileFacts, call: CallFact) -> None:
        """`self.retry()`, `self.replace()`, `self.update_state()` in a task's body."""
        last = call.chain[-1]
        kind = {"retry": CallKind.RETRY, "update_state": CallKind.RESULT}.get(
            last, CallKind.REPLACE
        )
        task = self._handlers.task_around(facts, call)
        if call.chain == ("self", last) and task:
            self._add(facts, call, kind, task, detail=last)
            return
        for handle in self.receiver(facts, call):
            if handle.kind == "task" and not handle.attribute:
                self._add(facts, call, kind, handle, detail=last)
            elif call.chain[-2:-1] == ("current_task",):
                self._add(facts, call, kind, task or None, detail=last)

    def _link(self, facts: FileFacts, call: CallFact) -> None:
        if call.node is None:
            return
        for argument in call.node.args[:1]:
            if isinstance(argument, ast.Call):
                return  # the signature that is made there is the site
            for handle in self._handles.of(facts, call.scope, argument):
                if handle.kind in {"task", "signature"} and handle.task:
                    last = call.chain[-1]
                    self._add(facts, call, CallKind.LINK, handle, detail=last)

    def _control(self, facts: FileFacts, call: CallFact) -> None:
        last = call.chain[-1]
        if "control" in call.chain[:-1] and last in CONTROL_METHODS:
            self._add(facts, call, CallKind.CONTROL, None, detail=last)
            return
        found = (
            self._resolver.chain(facts, call.scope, call.chain) if call.is_plain else []
        )
        if any(
            one.kind == "external"
            and one.name.startswith("celery.")
            and "control" in one.name
            for one in found
        ):
            self._add(facts, call, CallKind.CONTROL, None, detail=last)
        elif not found or all(one.kind != "external" for one in found):
            self._direct(facts, call)

    def _result(self, facts: FileFacts, call: CallFact) -> None:
        """`AsyncResult(id)`, and the methods of results."""
        last = call.chain[-1]
        if last in {"AsyncResult", "GroupResult"}:
            self._async_result(facts, call)
            return
        if call.node is None and not self._relevance.may_be_result(
            facts, call.scope, call.chain
        ):
            self._direct(facts, call)
            return
        for handle in self.receiver(facts, call):
            if handle.kind == "result":
                self._add(
                    facts, call, CallKind.RESULT, handle.task or None, detail=last
                )
                return
        self._direct(facts, call)

    def _async_result(self, facts: FileFacts, call: CallFact) -> None:
        last = call.chain[-1]
        for handle in self.receiver(facts, call):
            if handle.kind == "task":
                self._add(facts, call, CallKind.RESULT, handle.task, detail=last)
                return
            if handle.kind == "app":
                self._add(facts, call, CallKind.RESULT, None, detail=last)
                return
        for found in self._resolver.chain(facts, call.scope, call.chain):
            if found.kind == "external" and "celery" in found.name:
                self._add(facts, call, CallKind.RESULT, None, detail=last)
                return

    def _direct(self, facts: FileFacts, call: CallFact) -> None:
        if not call.is_plain or not self._relevance.may_be_task(
            facts, call.scope, call.chain
        ):
            return
        for handle in self._handles.of_chain(facts, call.scope, call.chain):
            if handle.kind != "task":
                continue
            if handle.attribute in {"", *BODY_ATTRIBUTES}:
                detail = handle.attribute
                self._add(facts, call, CallKind.DIRECT, handle.task, detail=detail)

    # --------------------------------------------------------------- recording

    def _add(
        self,
        facts: FileFacts,
        call: CallFact,
        kind: CallKind,
        task: Handle | str | None,
        detail: str = "",
    ) -> None:
        handle = task if isinstance(task, Handle) else None
        options: tuple[Option, ...] = ()
        if call.node is not None:
            options, _ = options_of(facts, call.node.keywords)
            options += tuple(
                Option("**", text_of(facts, word.value))
                for word in call.node.keywords
                if word.arg is None
            )
        self.sites.append(
            CallSite(
                kind=kind,
                location=Location(facts.path, call.line, call.column),
                task=task.task if isinstance(task, Handle) else task,
                handed_over=handle is not None and handle.handed_over,
                enclosing=enclosing(facts, call.function),
                source=call.source,
                options=options,
                positional=call.positional,
                in_tests=facts.in_tests,
                loop_depth=call.loop_depth,
                loop_iterates=call.loop_iterates,
                result_used="value" if call.use == "decorator" else call.use,
                detail=detail,
                handler=self._handlers.framework(facts, call.function),
            )
        )

    def _blind(
        self, facts: FileFacts, call: CallFact, kind: str, reasons: list[str]
    ) -> None:
        place = Location(facts.path, call.line, call.column)
        reason = "; ".join(dict.fromkeys(reasons)) or "its receiver cannot be seen here"
        self.blind_spots.append(BlindSpot(kind, place, call.source, one_line(reason)))


def _is_of_python(facts: FileFacts, call: CallFact) -> bool:
    """A function of the standard library, such as `inspect.signature`."""
    bindings = facts.scopes[0].bindings.get(call.chain[0], [])
    modules = {one.target.split(".", 1)[0] for one in bindings}
    return bool(modules) and modules <= sys.stdlib_module_names
