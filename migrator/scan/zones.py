"""The time zone that beat uses, and where it is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import ScheduleKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from migrator.model import ScheduleEntry, Setting


def with_zone(
    entries: Iterable[ScheduleEntry], settings: Iterable[Setting]
) -> list[ScheduleEntry]:
    """The entries with Celery's zone: `timezone`, else UTC where `enable_utc`."""
    production = [s for s in settings if s.name in {"timezone", "enable_utc"}]
    zone, reason, unknown = _zone(production)
    return [_placed(entry, zone, reason, unknown) for entry in entries]


def _zone(settings: list[Setting]) -> tuple[str, str, str]:
    """The zone, its reason, and the problem where it cannot be told."""
    zones = [s for s in settings if s.name == "timezone" and s.value is not None]
    zones += [s for s in settings if s.name == "timezone" and not s.is_literal]
    values = {s.value for s in zones if s.is_literal and isinstance(s.value, str)}
    unread = [s for s in zones if not s.is_literal]
    if unread:
        where = unread[0]
        problem = f"the zone depends on {where.source} ({where.location})"
        return "UTC", problem, problem
    if len(values) > 1:
        named = ", ".join(f"{s.value} ({s.location})" for s in zones)
        problem = f"the zone is set more than once: {named}"
        return "UTC", problem, problem
    if zones:
        return str(zones[0].value), f"timezone, set at {zones[0].location}", ""
    for setting in settings:
        if setting.name == "enable_utc" and setting.value is False:
            reason = f"enable_utc is off ({setting.location}) and no timezone is set"
            return "local", reason, ""
    return "UTC", "Celery's default: no timezone is set", ""


def _placed(
    entry: ScheduleEntry, zone: str, reason: str, unknown: str
) -> ScheduleEntry:
    spec, unreadable = entry.spec, entry.unreadable
    if spec is not None:
        spec = {**spec, "timezone": zone}
    if unknown and spec is not None and entry.kind is ScheduleKind.CRONTAB:
        spec, unreadable = None, unknown
    return replace(
        entry,
        spec=spec,
        unreadable=unreadable,
        timezone=zone,
        timezone_reason=reason,
    )
