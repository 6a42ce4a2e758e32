"""The rules of Kubernetes' cron parser, and what is asked of a rule as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator.schedules.cron_rules import CronError, CronRule

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "zone", "expected"),
    [
        ("0 12 * * *", "UTC", "2025-01-01T12:00:00+00:00"),
        ("0 0 * * *", "UTC", "2025-01-02T00:00:00+00:00"),  # after, not at
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00:00+00:00"),
        ("0 0 13 * 5", "UTC", "2025-01-03T00:00:00+00:00"),  # a day of either kind
        ("30 2 9 3 *", "America/New_York", "2026-03-09T06:30:00+00:00"),  # skipped
        # The 30th has no midnight there: the day after is found all the same.
        ("0 0 31 3 *", "Asia/Beirut", "2025-03-30T21:00:00+00:00"),
    ],
)
def test_the_next_run(rule, zone, expected):
    found = CronRule(rule, zone).next_after(NEW_YEAR)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize("rule", ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6 *"])
def test_a_date_that_no_year_has_is_never_reached(rule):
    assert CronRule(rule).next_after(NEW_YEAR) is None


@pytest.mark.parametrize(
    ("rule", "zone", "expected"),
    [
        ("*/7 * * * *", "UTC", timedelta(minutes=4)),
        ("0 1,3 * * *", "UTC", timedelta(hours=2)),
        ("0 1,3 * * *", "America/New_York", timedelta(hours=1)),
        ("0 0 * * *", "America/New_York", timedelta(hours=23)),
        ("0 0 * * 6", "America/New_York", timedelta(days=7, hours=-1)),
        ("0 0 1 * *", "UTC", timedelta(days=28)),
        ("0 0 1 1 *", "UTC", timedelta(days=365)),
        ("0 0 31 2 *", "UTC", None),
    ],
)
def test_the_shortest_gap_counts_clock_changes_and_short_months(rule, zone, expected):
    assert CronRule(rule, zone).shortest_gap() == expected


@pytest.mark.parametrize("rule", ["* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *"])
def test_what_kubernetes_rejects_is_no_rule(rule):
    with pytest.raises(CronError):
        CronRule(rule)
