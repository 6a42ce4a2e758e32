"""The next hours of all entries, as data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from migrator.schedules import timeline
from tests.acceptance.scheduler_project import entry, every, records

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_every_run_of_the_coming_day():
    crontab = {"kind": "crontab", "minute": 0, "hour": "*/6"}
    plan, _ = records([entry("six", crontab), every(3600, "hourly")])
    six, hourly = timeline(plan.schedules, start=START)
    assert six.target == "apscheduler"
    assert [fire.hour for fire in six.fires] == [12, 18, 0, 6]
    assert len(hourly.fires) == 24
    assert hourly.fires[0] == START
    assert max(hourly.fires) < START + timedelta(hours=24)


def test_a_dense_entry_is_cut_and_says_so():
    (row,) = timeline([every(1, "dense")], start=START, most=100)
    assert row.is_dense
    assert len(row.fires) == 100


def test_an_entry_that_stays_on_beat_is_shown_by_celerys_clock():
    """Refused conversions still run; the timeline is of everything that runs."""
    odd = {"kind": "interval", "seconds": 5400, "relative": True}
    (row,) = timeline([entry("odd", odd)], start=START)
    assert row.target == "celery"
    assert [fire.minute for fire in row.fires] == [0] * 23  # hourly, after the start
    assert not row.unknown


def test_what_cannot_be_computed_is_said():
    solar, unread = timeline(
        [
            entry("bad", {"kind": "crontab", "minute": 99}),
            entry("none", {"kind": "interval", "seconds": "x"}),
        ],
        start=START,
    )
    assert solar.unknown
    assert unread.unknown
