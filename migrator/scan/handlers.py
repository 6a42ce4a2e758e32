"""Which functions handle web requests, and which task a place belongs to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.scan.walker import flatten

if TYPE_CHECKING:
    from migrator.scan.definitions import Definitions
    from migrator.scan.facts import CallFact, Definition, FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
FASTAPI_VERBS = VERBS | {"api_route", "websocket", "on_event", "middleware"}
FLASK_VERBS = VERBS | {"route"}
FASTAPI = frozenset(
    {"fastapi.FastAPI", "fastapi.APIRouter", "fastapi.routing.APIRouter"}
)
FLASK = frozenset({"flask.Flask", "flask.Blueprint", "quart.Quart", "quart.Blueprint"})
DJANGO_VIEWS = ("View", "ViewSet", "APIView", "ViewMixin")
DJANGO_PREFIXES = ("django.", "rest_framework.", "ninja.")


class RequestHandlers:
    """Answers for definitions by index; remembers what it has found."""

    def __init__(self, resolver: Resolver, definitions: Definitions) -> None:
        self._resolver = resolver
        self._definitions = definitions
        self._known: dict[tuple[str, int], str] = {}

    def framework(self, facts: FileFacts, function: int) -> str:
        """Fastapi | django | flask where the function serves requests, else ""."""
        if function < 0:
            return ""
        key = (facts.path, function)
        if key not in self._known:
            self._known[key] = self._framework(facts, function)
        return self._known[key]

    def task_around(self, facts: FileFacts, call: CallFact) -> str:
        """The name of the task in whose body the call stands, or ""."""
        index = call.function
        while index >= 0:
            definition = facts.definitions[index]
            known = self._definitions.tasks.get((facts.path, definition.qualname))
            if known is not None:
                return known.task.name
            index = definition.function
        return ""

    def is_in_task_class(self, found: Found) -> bool:
        """Whether a method belongs to a class that inherits from Celery's Task."""
        definition, facts = found.definition, found.facts
        if definition is None or facts is None:
            return False
        owner = definition.qualname.rpartition(".")[0]
        index = facts.by_qualname.get(owner)
        if index is None:
            return False
        around = facts.definitions[index]
        classes = self._resolver.chain(facts, around.scope, (around.name,))
        return any(self._definitions.is_task_class(one) for one in classes)

    def _framework(self, facts: FileFacts, function: int) -> str:
        definition = facts.definitions[function]
        for decorator in definition.decorators:
            found = self._decorated(facts, definition, flatten(decorator)[0])
            if found:
                return found
        if definition.is_class:
            return "django" if self._is_view(facts, definition) else ""
        if self._looks_like_view(definition, facts):
            return "django"
        return self.framework(facts, definition.function)

    def _decorated(
        self, facts: FileFacts, definition: Definition, chain: tuple[str, ...]
    ) -> str:
        if chain[-1] in {"api_view", "require_POST", "require_GET", "csrf_exempt"}:
            return "django"
        if chain[-1] not in FASTAPI_VERBS | FLASK_VERBS or len(chain) < 2:  # noqa: PLR2004 - receiver and verb
            return ""
        for found in self._resolver.chain(facts, definition.scope, chain[:-1]):
            kinds = self._classes(found)
            if kinds & FASTAPI:
                return "fastapi"
            if kinds & FLASK:
                return "flask"
        return ""

    def _classes(self, found: Found) -> set[str]:
        """Dotted names of the classes that a value is made of."""
        node = found.expr
        if found.facts is None or not isinstance(node, ast.Call):
            return set()
        names: set[str] = set()
        for callee in self._resolver.expression(found.facts, found.scope, node.func):
            names.add(callee.name)
            names |= {base.name for base in self._resolver.bases_of(callee)}
        return names

    def _is_view(self, facts: FileFacts, definition: Definition) -> bool:
        for base in definition.bases:
            for found in self._resolver.expression(facts, definition.scope, base):
                names = [found.name, *(b.name for b in self._resolver.bases_of(found))]
                if any(
                    name.endswith(DJANGO_VIEWS) and name.startswith(DJANGO_PREFIXES)
                    for name in names
                ):
                    return True
        return False

    def _looks_like_view(self, definition: Definition, facts: FileFacts) -> bool:
        """A plain function of a `views` module whose first parameter is the request."""
        first = definition.parameters[:1]
        in_views = "views" in facts.module.split(".")
        return in_views and bool(first) and first[0].name == "request"
