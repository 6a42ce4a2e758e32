"""The tables of django-celery-beat, read from each database that holds them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from migrator.schedules import convert, read_django_celery_beat
from tests.conformance.parity.play import fresh_database

LAST = datetime(2026, 11, 20, 3, 4, 5, 678000, tzinfo=UTC)
TABLES = (
    """CREATE TABLE django_celery_beat_intervalschedule (
        id INTEGER PRIMARY KEY, every INTEGER, period VARCHAR(24))""",
    """CREATE TABLE django_celery_beat_crontabschedule (
        id INTEGER PRIMARY KEY, minute VARCHAR(240), hour VARCHAR(96),
        day_of_week VARCHAR(64), day_of_month VARCHAR(124), month_of_year VARCHAR(64),
        timezone VARCHAR(63))""",
    """CREATE TABLE django_celery_beat_periodictask (
        id INTEGER PRIMARY KEY, name VARCHAR(200), task VARCHAR(200), args TEXT,
        kwargs TEXT, queue VARCHAR(200), exchange VARCHAR(200),
        routing_key VARCHAR(200), headers TEXT, priority INTEGER, expires TIMESTAMP,
        expire_seconds INTEGER, one_off BOOLEAN, start_time TIMESTAMP,
        enabled BOOLEAN, last_run_at TIMESTAMP, solar_id INTEGER, clocked_id INTEGER,
        interval_id INTEGER, crontab_id INTEGER)""",
    "INSERT INTO django_celery_beat_intervalschedule VALUES (1, 2, 'hours')",
    """INSERT INTO django_celery_beat_crontabschedule
        VALUES (1, '*/5', '*', 'mon-fri', '*', '*', 'Europe/Berlin')""",
)
ROW = """INSERT INTO django_celery_beat_periodictask
    (id, name, task, args, kwargs, headers, one_off, enabled, last_run_at,
     interval_id, crontab_id, solar_id, expire_seconds)
    VALUES (:id, :name, 'shop.probe', '[1]', '{}', '{}', false, :enabled, :last,
     :interval, :crontab, :solar, :expires)"""


def django_row(**changes):
    given = {"enabled": True, "last": None, "interval": None, "crontab": None}
    return given | {"solar": None, "expires": None} | changes


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_rows_of_django_celery_beat(tmp_path, request, database):
    url = f"sqlite:///{tmp_path}/django.db"
    if database == "postgres":
        url = fresh_database(request.getfixturevalue("postgres_url"))
    last = LAST if database == "postgres" else LAST.replace(tzinfo=None).isoformat()
    rows = [
        django_row(id=1, name="hours", interval=1, last=last, expires=60),
        django_row(id=2, name="cron", crontab=1, enabled=False),
        django_row(id=3, name="sun", solar=1),
    ]
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
        connection.execute(text(ROW), rows)
    engine.dispose()
    found = {stored.name: stored for stored in read_django_celery_beat(url)}
    assert found["hours"].spec["seconds"] == 7200
    assert found["hours"].last_run_at == LAST
    assert found["hours"].options == {"expires": 60}
    assert found["cron"].spec["timezone"] == "Europe/Berlin"
    assert not found["cron"].is_enabled
    assert not convert(found["cron"].spec).refusal
    assert "sun" in found["sun"].unreadable
