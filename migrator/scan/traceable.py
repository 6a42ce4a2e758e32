"""Drops references that can stand for no task, before they take up memory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.vocabulary import DISPATCH

if TYPE_CHECKING:
    from migrator.scan.facts import Binding, FileFacts, ReferenceFact

# Many, and rarely a task: what is sent through them is kept as a dispatch.
UNFOLLOWED = frozenset({BindingKind.PARAMETER, BindingKind.ITEM, BindingKind.OPAQUE})
OWN = frozenset({"self", "cls", "super"})


def traceable(facts: FileFacts) -> list[ReferenceFact]:
    """References whose first name leads to an import, a definition or a value."""
    known: dict[tuple[int, str], bool] = {}
    kept: list[ReferenceFact] = []
    for reference in facts.references:
        if reference.chain[-1] in DISPATCH and len(reference.chain) > 1:
            kept.append(reference)
            continue
        if _is_handed_on(facts, reference):
            kept.append(reference)
            continue
        key = (reference.scope, reference.chain[0])
        if key not in known:
            known[key] = _leads_somewhere(facts, *key)
        if known[key]:
            kept.append(reference)
    return kept


def _is_handed_on(facts: FileFacts, reference: ReferenceFact) -> bool:
    """A parameter, or what is stored of one, given to a function of the project."""
    if reference.given is None or len(reference.chain) > 2:  # noqa: PLR2004 - self.x
        return False
    call = facts.calls[reference.given[0]]
    root = call.chain[0]
    return root in OWN or _leads_somewhere(facts, call.scope, root)


def _leads_somewhere(facts: FileFacts, scope: int, name: str) -> bool:
    index = scope
    while index >= 0:
        here = facts.scopes[index]
        if name in here.bindings:
            return any(_may_be_task(binding) for binding in here.bindings[name])
        index = here.parent
    return bool(facts.stars)


def _may_be_task(binding: Binding) -> bool:
    if binding.kind is BindingKind.IMPORT:
        return binding.target.split(".", 1)[0] not in sys.stdlib_module_names
    return binding.kind not in UNFOLLOWED
