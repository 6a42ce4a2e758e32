"""Web applications, signal handlers, and schedules that live in a database."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.model import BlindSpot, Location, SignalHandler, WebApp
from migrator.scan.vocabulary import APP_SIGNALS, SIGNALS
from migrator.scan.walker import flatten, one_line

if TYPE_CHECKING:
    from migrator.scan.facts import Binding, CallFact, Definition, FileFacts
    from migrator.scan.handles import Handles
    from migrator.scan.resolve import Resolver

WEB_APPS = {
    "fastapi.FastAPI": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "flask.Flask": "flask",
    "quart.Quart": "quart",
}
STORES = ("django_celery_beat.", "redbeat.", "celery_sqlalchemy_scheduler.")
ROW_CALLS = frozenset({"create", "get_or_create", "update_or_create", "bulk_create"})


class Surroundings:
    """Collects what stands around the tasks of a file."""

    def __init__(self, resolver: Resolver, handles: Handles) -> None:
        self._resolver = resolver
        self._handles = handles
        self.web_apps: list[WebApp] = []
        self.signals: list[SignalHandler] = []
        self.blind_spots: list[BlindSpot] = []

    def read(self, facts: FileFacts) -> None:
        for call in facts.calls:
            if call.node is None:
                continue
            self._web_app(facts, call, call.node)
            if call.chain[-1] == "connect" and call.use != "decorator":
                self._connected(facts, call, call.node)
            self._database_rows(facts, call)
        for definition in facts.definitions:
            for decorator in definition.decorators:
                self._decorated(facts, definition, decorator)

    # ---------------------------------------------------------------- web apps

    def _web_app(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        for callee in self._resolver.expression(facts, call.scope, node.func):
            names = [callee.name, *(b.name for b in self._resolver.bases_of(callee))]
            framework = next((WEB_APPS[n] for n in names if n in WEB_APPS), "")
            if not framework or callee.rest:
                continue
            scope = facts.scopes[call.scope]
            name = _bound_name(scope.bindings, node)
            inside = f"{scope.qualname}.{name}" if scope.qualname else name
            if scope.qualname and not name:
                inside = f"{scope.qualname}()"  # what a factory returns
            given = {word.arg: word.value for word in node.keywords}
            self.web_apps.append(
                WebApp(
                    framework,
                    f"{facts.module}.{inside}".rstrip("."),
                    Location(facts.path, call.line, call.column),
                    starts_runner=self._is_of_shim(
                        facts, call.scope, given.get("lifespan")
                    ),
                )
            )
            return

    def _is_of_shim(self, facts: FileFacts, scope: int, node: ast.expr | None) -> bool:
        """Whether a `lifespan=` is the shim's, alone or around another one."""
        if node is None:
            return False
        target = node.func if isinstance(node, ast.Call) else node
        return any(
            ".".join((found.name, *found.rest)).endswith(".fastapi.lifespan")
            for found in self._resolver.expression(facts, scope, target)
        )

    # ----------------------------------------------------------------- signals

    def _connected(self, facts: FileFacts, call: CallFact, node: ast.Call) -> None:
        signal = self._signal(facts, call.scope, call.chain[:-1])
        if signal:
            handler = one_line(ast.unparse(node.args[0])) if node.args else ""
            place = Location(facts.path, call.line, call.column)
            self.signals.append(SignalHandler(signal, handler, place))

    def _decorated(
        self, facts: FileFacts, definition: Definition, decorator: ast.expr
    ) -> None:
        """`@signal.connect`, `@app.on_after_configure.connect`, Django's receiver."""
        call = decorator if isinstance(decorator, ast.Call) else None
        chain, _ = flatten(decorator)
        candidates = []
        if chain[-1] == "connect":
            candidates = [chain[:-1]]
        elif chain[-1] == "receiver" and call is not None:
            given = [*call.args, *(word.value for word in call.keywords)]
            candidates = [flatten(node)[0] for node in given]
        for candidate in candidates:
            signal = self._signal(facts, definition.scope, candidate)
            if signal:
                name = f"{facts.module}.{definition.qualname}"
                self.signals.append(SignalHandler(signal, name, definition.location))

    def _signal(self, facts: FileFacts, scope: int, chain: tuple[str, ...]) -> str:
        if not chain:
            return ""
        if chain[-1] in APP_SIGNALS:
            return chain[-1]
        if chain[-1] not in SIGNALS and len(chain) > 1:
            return ""
        for found in self._resolver.chain(facts, scope, chain):
            before, _, last = found.name.rpartition(".")
            if before.startswith("celery") and last in SIGNALS:
                return last
        return ""

    # --------------------------------------------------------- database schedules

    def _database_rows(self, facts: FileFacts, call: CallFact) -> None:
        """Rows of django-celery-beat, keys of RedBeat: schedules outside the code."""
        if call.chain[-1] not in ROW_CALLS and "Entry" not in call.chain[-1]:
            return
        for found in self._resolver.chain(facts, call.scope, call.chain):
            if found.kind == "external" and found.name.startswith(STORES):
                place = Location(facts.path, call.line, call.column)
                reason = "schedules are rows of a database; this code writes some"
                spot = BlindSpot("database-schedule", place, call.source, reason)
                self.blind_spots.append(spot)
                return


def _bound_name(bindings: dict[str, list[Binding]], node: ast.Call) -> str:
    # A local variable may keep a shortened copy of the call, at the same place.
    place = (node.lineno, node.col_offset)
    for name, values in bindings.items():
        calls = [one.value for one in values if isinstance(one.value, ast.Call)]
        if any((call.lineno, call.col_offset) == place for call in calls):
            return name
    return ""
