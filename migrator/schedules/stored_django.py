"""Reads django-celery-beat's tables, without Django."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from migrator.schedules.stored import StoredEntry, StoreReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY = """
SELECT t.name, t.task, t.args, t.kwargs, t.queue, t.exchange, t.routing_key,
       t.headers, t.priority, t.expires, t.expire_seconds, t.one_off, t.start_time,
       t.enabled, t.last_run_at, t.solar_id, t.clocked_id,
       i.every, i.period,
       c.minute, c.hour, c.day_of_week, c.day_of_month, c.month_of_year,
       c.timezone
  FROM django_celery_beat_periodictask t
  LEFT JOIN django_celery_beat_intervalschedule i ON i.id = t.interval_id
  LEFT JOIN django_celery_beat_crontabschedule c ON c.id = t.crontab_id
 ORDER BY t.name
"""
PERIODS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
CRONTAB_FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
ROUTING = ("queue", "exchange", "routing_key", "priority")
# What the scheduler of Django does beyond beat's: none of it is a plain schedule.
UNUSUAL = {
    "solar_id": "it follows the sun",
    "clocked_id": "it runs once, at a given time",
    "one_off": "it runs once",
    "start_time": "it starts at a given time",
    "expires": "it ends at a given time",
}


def read_django_celery_beat(url: str) -> tuple[StoredEntry, ...]:
    """All periodic tasks of the database; a SQLAlchemy URL.

    StoreReadError where it cannot be read or has no such tables.
    """
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        with create_engine(url, poolclass=NullPool).connect() as connection:
            rows = connection.execute(text(QUERY)).mappings().all()
    except ImportError as error:
        raise StoreReadError(f"the driver is not installed: {error.name}") from error
    except SQLAlchemyError as error:
        raise StoreReadError(f"database: {type(error).__name__}") from error
    return tuple(_entry({str(key): row[key] for key in row}) for row in rows)


def _entry(row: Mapping[str, Any]) -> StoredEntry:
    spec, unreadable = _spec(row)
    options = {name: row[name] for name in ROUTING if row[name] not in {None, ""}}
    if row["expire_seconds"] is not None:
        options["expires"] = row["expire_seconds"]
    if row["headers"] not in {None, "", "{}"}:
        options["headers"] = _json(row["headers"])
    return StoredEntry(
        name=row["name"],
        task=row["task"],
        last_run_at=_moment(row["last_run_at"]),
        spec=spec,
        unreadable=unreadable,
        args=tuple(_json(row["args"]) or ()),
        kwargs=dict(_json(row["kwargs"]) or {}),
        options=options,
        is_enabled=bool(row["enabled"]),
        origin="django-celery-beat",
    )


def _spec(row: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    for column, reason in UNUSUAL.items():
        if row[column]:
            return None, reason
    if row["minute"] is not None:
        fields = {name: row[name] for name in CRONTAB_FIELDS}
        return {"kind": "crontab", "timezone": row["timezone"] or "UTC", **fields}, ""
    if row["period"] == "microseconds":
        return _interval(row["every"] / 1e6)
    if row["period"] in PERIODS:
        return _interval(row["every"] * PERIODS[row["period"]])
    return None, "it has no schedule"


def _interval(seconds: float) -> tuple[dict[str, Any], str]:
    return {"kind": "interval", "seconds": seconds, "timezone": "UTC"}, ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StoreReadError(f"arguments of a row are no JSON: {error}") from error


def _moment(value: Any) -> datetime | None:
    # SQLite hands over text, other databases hand over datetimes.
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC)
