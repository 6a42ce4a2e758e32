"""Tasks that are passed on as values: the object, a bound method, or the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import BlindSpot, CallKind, CallSite, Location
from migrator.scan.vocabulary import DISPATCH, LINK_CONTEXTS
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts, NameFact, ReferenceFact
    from migrator.scan.handle import Handle
    from migrator.scan.handlers import RequestHandlers
    from migrator.scan.handles import Handles
    from migrator.scan.relevance import Relevance

MADE_BY = frozenset({"task", "shared_task", "register_task", "add_periodic_task"})
# Calls whose strings are told elsewhere, or name things for people.
TELL_NAMES = MADE_BY | {
    "send_task",
    "signature",
    "Signature",
    "subtask",
    "patch",
    "setattr",
    "object",
    "getLogger",
    "get_logger",
    "periodic_task",
}
# Reading these of a task is no use of it that a move could break.
HARMLESS_ATTRIBUTES = frozenset(
    {"name", "__name__", "__module__", "__doc__", "__class__"}
)


class TaskValues:
    """Turns references and dotted strings of a file into call sites of kind VALUE."""

    def __init__(
        self, handles: Handles, handlers: RequestHandlers, relevance: Relevance
    ) -> None:
        self._handles = handles
        self._handlers = handlers
        self._relevance = relevance
        self._task_names = handles.task_names
        self.sites: list[CallSite] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for reference in facts.references:
            self._reference(facts, reference)
        for named in facts.names:
            self._named(facts, named)

    def _reference(self, facts: FileFacts, reference: ReferenceFact) -> None:
        if reference.use in {"decorator", "base"} or _is_made(reference):
            return
        is_dispatch = reference.chain[-1] in DISPATCH and len(reference.chain) > 1
        if not is_dispatch and not self._relevance.may_be_task(
            facts, reference.scope, reference.chain
        ):
            return
        if reference.node is not None:
            handles = self._handles.of(facts, reference.scope, reference.node)
        else:
            handles = self._handles.of_chain(facts, reference.scope, reference.chain)
        for handle in handles:
            if handle.kind != "task" or not handle.task:
                continue
            attribute = handle.attribute
            first = attribute.split(".", 1)[0]
            if first in HARMLESS_ATTRIBUTES or first == "request":
                continue
            self._add_value(facts, reference, handle)
        if is_dispatch and all(handle.kind == "unknown" for handle in handles):
            self._blind_value(facts, reference, handles)

    def _named(self, facts: FileFacts, named: NameFact) -> None:
        """The name of a task in data, or given to a call that is not Celery's."""
        last = named.into.rpartition(".")[2]
        if last in TELL_NAMES or named.name not in self._task_names:
            return
        if last.endswith("light_task"):  # the shim's decorator: the task's own name
            return
        self.sites.append(
            CallSite(
                kind=CallKind.VALUE,
                location=Location(facts.path, named.line, named.column),
                task=named.name,
                enclosing=enclosing(facts, named.function),
                source=one_line(_named_within(named)),
                in_tests=facts.in_tests,
                loop_depth=named.loop_depth,
                result_used="argument" if named.into else "data",
                detail="name",
                handler=self._handlers.framework(facts, named.function),
            )
        )

    def _add_value(
        self, facts: FileFacts, reference: ReferenceFact, handle: Handle
    ) -> None:
        kind, detail = CallKind.VALUE, handle.attribute
        if not handle.attribute and reference.canvas in LINK_CONTEXTS:
            kind, detail = CallKind.LINK, reference.canvas
        self.sites.append(
            CallSite(
                kind=kind,
                location=Location(facts.path, reference.line, reference.column),
                task=handle.task,
                enclosing=enclosing(facts, reference.function),
                source=one_line(_within(reference)),
                in_tests=facts.in_tests,
                loop_depth=reference.loop_depth,
                loop_iterates=reference.loop_iterates,
                result_used=reference.use,
                detail=detail,
                handed_over=handle.handed_over,
                handler=self._handlers.framework(facts, reference.function),
            )
        )

    def _blind_value(
        self, facts: FileFacts, reference: ReferenceFact, handles: list[Handle]
    ) -> None:
        reasons = [handle.reason for handle in handles if handle.reason]
        self.blind_spots.append(
            BlindSpot(
                "unresolved-receiver",
                Location(facts.path, reference.line, reference.column),
                one_line(".".join(reference.chain)),
                "; ".join(dict.fromkeys(reasons)),
            )
        )


def _is_made(reference: ReferenceFact) -> bool:
    """The argument of `app.task(f)` or `add_periodic_task`: told where it is made."""
    return reference.into.rpartition(".")[2] in MADE_BY


def _within(reference: ReferenceFact) -> str:
    name = ".".join(reference.chain)
    return f"{reference.into}({name})" if reference.into else name


def _named_within(named: NameFact) -> str:
    return f'{named.into}("{named.name}")' if named.into else f'"{named.name}"'


def enclosing(facts: FileFacts, function: int) -> str:
    """The qualified name of a function of the file, or of the module."""
    if function < 0:
        return facts.module
    return f"{facts.module}.{facts.definitions[function].qualname}"
