"""The guard of CronJobs tells single instants what the chain of runs tells in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from migrator.schedules.triggers import generated_module
from migrator.schedules.zones import coming_changes

ZONES = (
    "America/New_York",
    "Africa/Cairo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
)
FIELDS = (
    {"minute": "*"},
    {"minute": "15,45", "hour": "2"},
    {"minute": "0,30", "hour": "0,1,2,3"},
    {"minute": "59", "hour": "0,23"},
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_every_minute_around_clock_changes(zone, fields):
    clock = generated_module("clock").WallClock(timezone=zone, **fields)
    for change in coming_changes(zone)[:2]:
        begin, end = change.at - timedelta(hours=3), change.at + timedelta(hours=5)
        runs, run = set(), begin - timedelta(hours=30)
        while (run := clock.next_after(run)) < end:
            runs.add(run)
        for minute in range(8 * 60):
            instant = begin + timedelta(minutes=minute)
            assert clock.includes(instant) == (instant in runs), instant
