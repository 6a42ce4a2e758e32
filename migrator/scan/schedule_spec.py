"""A schedule expression as the plain form that `migrator.schedules` converts."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import Literal, ScheduleKind
from migrator.scan.literals import LiteralReader, NotLiteralError
from migrator.scan.vocabulary import CRONTABS, SCHEDULES, SOLARS
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.scan.facts import FileFacts
    from migrator.scan.found import Found
    from migrator.scan.resolve import Resolver

CRONTAB_FIELDS = (
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "month_of_year",
)
TIMEDELTA_FIELDS = (
    "days",
    "seconds",
    "microseconds",
    "milliseconds",
    "minutes",
    "hours",
    "weeks",
)
SECONDS_IN = {
    "days": 86_400.0,
    "seconds": 1.0,
    "microseconds": 1e-6,
    "milliseconds": 1e-3,
    "minutes": 60.0,
    "hours": 3_600.0,
    "weeks": 604_800.0,
}
TIMEDELTAS = frozenset({"datetime.timedelta"})
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """A schedule as read: its kind, and its spec or why there is none."""

    kind: ScheduleKind
    spec: dict[str, Literal] | None = None
    unreadable: str = ""


class ScheduleReader:
    """Reads schedule expressions; the zone is added by whoever knows it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def read(
        self,
        facts: FileFacts,
        scope: int,
        node: ast.expr,
        *,
        relative: bool = False,
        depth: int = 0,
    ) -> Reading:
        if isinstance(node, ast.Call):
            return self._call(facts, scope, node, relative=relative, depth=depth)
        if isinstance(node, ast.Name | ast.Attribute):
            named = self._named(facts, scope, node, relative=relative, depth=depth)
            if named is not None:
                return named
        try:
            seconds = self._seconds(facts, scope, node)
        except NotLiteralError as error:
            return Reading(ScheduleKind.UNKNOWN, None, f"it depends on {error}")
        return _interval(seconds, relative=relative)

    def _named(
        self,
        facts: FileFacts,
        scope: int,
        node: ast.expr,
        *,
        relative: bool,
        depth: int,
    ) -> Reading | None:
        """A constant of the project that holds the schedule."""
        found = self._resolver.expression(facts, scope, node)
        if len(found) != 1 or found[0].kind != "value" or found[0].rest:
            return None
        one = found[0]
        if one.facts is None or not isinstance(one.expr, ast.Call) or depth > MAX_DEPTH:
            return None
        return self.read(
            one.facts, one.scope, one.expr, relative=relative, depth=depth + 1
        )

    def _call(
        self,
        facts: FileFacts,
        scope: int,
        node: ast.Call,
        *,
        relative: bool,
        depth: int,
    ) -> Reading:
        names = {
            found.name
            for found in self._resolver.expression(facts, scope, node.func)
            if not found.rest
        }
        if names & CRONTABS:
            return self._crontab(facts, scope, node)
        if names & SOLARS:
            return Reading(ScheduleKind.SOLAR, None, "solar schedules stay on beat")
        if names & SCHEDULES:
            return self._schedule(facts, scope, node, relative=relative, depth=depth)
        try:
            seconds = self._seconds(facts, scope, node)
        except NotLiteralError as error:
            custom = self._custom(facts, scope, node)
            return Reading(
                ScheduleKind.UNKNOWN, None, custom or f"it depends on {error}"
            )
        return _interval(seconds, relative=relative)

    def _custom(self, facts: FileFacts, scope: int, node: ast.Call) -> str:
        for found in self._resolver.expression(facts, scope, node.func):
            if found.definition is not None and found.definition.is_class:
                return f"{found.name} is a schedule class of the project's own"
        return ""

    # ----------------------------------------------------------------- crontab

    def _crontab(self, facts: FileFacts, scope: int, node: ast.Call) -> Reading:
        given: dict[str, ast.expr] = dict(zip(CRONTAB_FIELDS, node.args, strict=False))
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return _unread("its arguments are spread from a value known at run time")
        for word in node.keywords:
            if word.arg is None:
                return _unread(
                    "its arguments are spread from a value known at run time"
                )
            if word.arg in {"nowfun", "app"}:
                return _unread(f"it has a {word.arg} of its own")
            given[word.arg] = word.value
        spec: dict[str, Literal] = {"kind": "crontab"}
        reader = LiteralReader(self._resolver, facts, scope)
        for name, value in given.items():
            if name not in CRONTAB_FIELDS:
                return _unread(f"crontab has no field {name!r}")
            try:
                spec[name] = reader.read(value)
            except NotLiteralError as error:
                return _unread(f"{name} depends on {error}")
        return Reading(ScheduleKind.CRONTAB, spec)

    # --------------------------------------------------------------- intervals

    def _schedule(
        self,
        facts: FileFacts,
        scope: int,
        node: ast.Call,
        *,
        relative: bool,
        depth: int,
    ) -> Reading:
        """`schedule(run_every, relative)`."""
        given = dict(zip(("run_every", "relative", "nowfun"), node.args, strict=False))
        given |= {word.arg: word.value for word in node.keywords if word.arg}
        if "nowfun" in given or "run_every" not in given:
            return Reading(ScheduleKind.INTERVAL, None, "it has a nowfun of its own")
        if "relative" in given:
            try:
                relative = bool(LiteralReader().read(given["relative"]))
            except NotLiteralError as error:
                reason = f"relative depends on {error}"
                return Reading(ScheduleKind.INTERVAL, None, reason)
        return self.read(
            facts, scope, given["run_every"], relative=relative, depth=depth + 1
        )

    def _seconds(self, facts: FileFacts, scope: int, node: ast.expr) -> float:
        """Seconds of a number or a timedelta, arithmetic included."""
        if isinstance(node, ast.Call) and self._is_timedelta(facts, scope, node):
            return self._timedelta(facts, scope, node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add):
            left = self._seconds(facts, scope, node.left)
            right = self._seconds(facts, scope, node.right)
            return left * right if isinstance(node.op, ast.Mult) else left + right
        if isinstance(node, ast.Name | ast.Attribute):
            for found in self._resolver.expression(facts, scope, node):
                if self._is_timedelta_value(found):
                    assert found.facts is not None and found.expr is not None  # noqa: S101, PT018 - checked above
                    return self._seconds(found.facts, found.scope, found.expr)
        value = LiteralReader(self._resolver, facts, scope).read(node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotLiteralError(f"{value!r}, which is no number of seconds")
        return value

    def _is_timedelta(self, facts: FileFacts, scope: int, node: ast.Call) -> bool:
        found = self._resolver.expression(facts, scope, node.func)
        return any(one.name in TIMEDELTAS and not one.rest for one in found)

    def _is_timedelta_value(self, found: Found) -> bool:
        return (
            isinstance(found.expr, ast.Call)
            and found.facts is not None
            and not found.rest
            and self._is_timedelta(found.facts, found.scope, found.expr)
        )

    def _timedelta(self, facts: FileFacts, scope: int, node: ast.Call) -> float:
        given: dict[str, ast.expr] = dict(
            zip(TIMEDELTA_FIELDS, node.args, strict=False)
        )
        for word in node.keywords:
            given[word.arg or "**"] = word.value
        total = 0.0
        for name, value in given.items():
            if name not in SECONDS_IN:
                raise NotLiteralError(one_line(ast.unparse(node)))
            total += self._seconds(facts, scope, value) * SECONDS_IN[name]
        return round(total, 6)


def _unread(reason: str) -> Reading:
    return Reading(ScheduleKind.CRONTAB, None, reason)


def _interval(seconds: float, *, relative: bool) -> Reading:
    whole = int(seconds)
    value: int | float = whole if whole == seconds else seconds
    spec: dict[str, Literal] = {
        "kind": "interval",
        "seconds": value,
        "relative": relative,
    }
    if value <= 0:
        return Reading(ScheduleKind.INTERVAL, None, "an interval of no length")
    return Reading(ScheduleKind.INTERVAL, spec)
