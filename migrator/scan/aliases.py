"""Names that stand for what is known already: a task or a part of Celery renamed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.facts import BindingKind
from migrator.scan.relevance import mentions, words_in
from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from migrator.scan.facts import Binding, FileFacts

CELERY = "from Celery"  # no name, hence never one of the project
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


class PassedOn:
    """Names under which files may import what is known from another file."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[FileFacts, list[tuple[str, frozenset[str]]]]] = {}

    def names(self, files: Iterable[FileFacts], known: AbstractSet[str]) -> set[str]:
        """`known`, the names of Celery's own things, and the aliases of all these."""
        bound = [one for facts in files for one in self._bound(facts)]
        names, size = {CELERY, *known}, 0
        while len(names) > size:  # an alias of an alias
            size = len(names)
            names.update(name for name, words in bound if not names.isdisjoint(words))
        return names

    def _bound(self, facts: FileFacts) -> list[tuple[str, frozenset[str]]]:
        """What each name of the module and its classes is made from."""
        kept = self._words.get(facts.path)
        if kept is None or kept[0] is not facts:
            bound = [(name, _made_from(binding)) for name, binding in _bound(facts)]
            kept = (facts, [one for one in bound if one[1]])
            self._words[facts.path] = kept
        return kept[1]


def _made_from(binding: Binding) -> frozenset[str]:
    words = frozenset(words_in(binding))
    is_import = binding.kind is BindingKind.IMPORT
    if is_import and binding.target.split(".", 1)[0] in OF_CELERY:
        return words | {CELERY}
    return words


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
