"""Names that stand for what is known already: a task or a part of Celery renamed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.relevance import mentions
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from migrator.scan.facts import Binding, FileFacts

# Distributions whose names a project may pass on under its own.
OF_CELERY = frozenset(
    {"celery", "django_celery_beat", "redbeat", "celery_sqlalchemy_scheduler"}
)


def aliases_in(facts: FileFacts, names: AbstractSet[str]) -> set[str]:
    """Names of the module and its classes for Celery's things, or for one of `names`.

    Celery's own submodules count, and so does what an import has "celery" in.
    """
    return {
        name
        for name, binding in _bound(facts)
        if mentions(binding, names)
        or (binding.kind is BindingKind.IMPORT and "celery" in binding.target)
    }


def passed_on(facts: FileFacts, names: AbstractSet[str]) -> set[str]:
    """Those that other files may import from here: no application's names."""
    return {
        name
        for name, binding in _bound(facts)
        if mentions(binding, names)
        or (
            binding.kind is BindingKind.IMPORT
            and binding.target.split(".", 1)[0] in OF_CELERY
        )
    }


def applications_in(facts: FileFacts) -> set[str]:
    """Names of the module that are given what a call of Celery's makes."""
    return {
        name
        for name, binding in _bound(facts)
        if isinstance(binding.value, ast.Call)
        and "elery" in flatten(binding.value.func)[0][-1]
    }


def _bound(facts: FileFacts) -> Iterator[tuple[str, Binding]]:
    for scope in facts.scopes:
        if scope.kind in {"module", "class"}:
            for name, bindings in scope.bindings.items():
                for binding in bindings:
                    yield name, binding
