"""Reads RedBeat's entries: a hash per entry, JSON in its fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from migrator.schedules.stored import StoredEntry, StoreReadError

CRONTAB_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")


def read_redbeat(
    url: str, *, prefix: str = "redbeat:", zone: str = "UTC"
) -> tuple[StoredEntry, ...]:
    """All entries below `prefix`; `zone` is that of the Celery application.

    StoreReadError where Redis does not answer. Keys that are no entries (RedBeat's
    lock, its schedule) are passed over.
    """
    from redis import Redis
    from redis.exceptions import RedisError

    found = []
    try:
        with Redis.from_url(url, decode_responses=True, socket_timeout=10) as redis:
            for key in sorted(redis.scan_iter(f"{prefix}*", count=500, _type="hash")):
                definition, meta = redis.hmget(key, ["definition", "meta"])
                if definition:
                    found.append(parse_redbeat(definition, meta, zone=zone))
    except (RedisError, ValueError) as error:
        raise StoreReadError(f"Redis: {type(error).__name__}") from error
    return tuple(found)


def parse_redbeat(definition: str, meta: str | None, *, zone: str) -> StoredEntry:
    """An entry from the two fields of its hash. StoreReadError where it is no JSON."""
    try:
        entry = json.loads(definition)
        state = json.loads(meta) if meta else {}
        spec, unreadable = _spec(entry["schedule"], zone)
        return StoredEntry(
            name=str(entry["name"]),
            task=str(entry["task"]),
            last_run_at=_moment(state.get("last_run_at")),
            spec=spec,
            unreadable=unreadable,
            args=tuple(entry.get("args") or ()),
            kwargs=dict(entry.get("kwargs") or {}),
            options=dict(entry.get("options") or {}),
            is_enabled=bool(entry.get("enabled", True)),
            origin="redbeat",
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreReadError(f"not an entry of RedBeat: {error!r}") from error


def _spec(schedule: dict[str, Any], zone: str) -> tuple[dict[str, Any] | None, str]:
    kind = schedule.get("__type__")
    if kind == "crontab":
        fields = {name: schedule[name] for name in CRONTAB_FIELDS}
        return {"kind": "crontab", "timezone": zone, **fields}, ""
    if kind == "interval":
        every, relative = schedule["every"], bool(schedule["relative"])
        spec = {"kind": "interval", "seconds": every, "relative": relative}
        return {**spec, "timezone": zone}, ""
    return None, f"a schedule of RedBeat's kind {kind!r} has no equal elsewhere"


def _moment(value: dict[str, Any] | None) -> datetime | None:
    if not value:
        return None
    parts = {name: part for name, part in value.items() if name != "__type__"}
    zone = parts.pop("timezone", "UTC")
    is_offset = isinstance(zone, int | float)
    tzinfo = timezone(timedelta(seconds=zone)) if is_offset else ZoneInfo(zone)
    return datetime(**parts, tzinfo=tzinfo).astimezone(UTC)
