"""When schedules run on the day that the page shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from migrator.report.html.fires import fires_of, local_midnight
from migrator.report.html.timeline import timeline
from tests.unit.report.pages import Page
from tests.unit.report.surveys import entry

TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def clocks(fires, zone=UTC):
    return [f"{moment.astimezone(zone):%H:%M}" for moment in fires.at]


def fires(spec, start=TUESDAY, **more):
    return fires_of([entry("app.a", spec=spec, **more)], start)[0]


def test_the_first_and_the_last_minute_belong_to_the_day():
    at_midnight = fires({"kind": "crontab", "minute": 0, "hour": 0})
    assert at_midnight.at == (TUESDAY,)
    late = fires({"kind": "crontab", "minute": 59, "hour": 23})
    assert late.at == (TUESDAY + timedelta(hours=23, minutes=59),)


def test_a_crontab_runs_as_celery_reads_it():
    found = fires({"kind": "crontab", "minute": 15, "hour": "*/6"})
    assert clocks(found) == ["00:15", "06:15", "12:15", "18:15"]


def test_a_schedule_of_another_day_names_its_next_run():
    found = fires({"kind": "crontab", "minute": 0, "hour": 4, "day_of_week": "sun"})
    assert found.at == ()
    assert found.next_run == datetime(2026, 11, 29, 4, tzinfo=UTC)


def test_a_close_interval_is_a_band_with_its_count():
    found = fires({"kind": "interval", "seconds": 5})
    assert found.every == timedelta(seconds=5)
    assert found.count == 17_280


def test_the_hour_that_a_day_lacks_shifts_nothing_else():
    """On 29 March 2026 Berlin's clocks go from 02:00 to 03:00."""
    start = local_midnight(datetime(2026, 3, 29, 12, tzinfo=UTC), BERLIN)
    spec = {
        "kind": "crontab",
        "minute": 30,
        "hour": "1,12",
        "timezone": "Europe/Berlin",
    }
    found = fires(spec, start)
    assert clocks(found, BERLIN) == ["01:30", "12:30"]
    assert found.at[1] - found.at[0] == timedelta(hours=10)


def test_what_cannot_be_read_says_why():
    entries = [
        entry("app.a", "sun", {"kind": "solar", "event": "sunset"}),
        replace(entry("app.b", "odd"), spec=None, unreadable="it is computed"),
    ]
    text = Page(timeline(entries, [], TUESDAY)).text
    assert "not drawn: no rule to convert a schedule of kind 'solar'" in text
    assert "not drawn: it is computed" in text


def test_a_disabled_entry_is_shown_and_not_counted():
    entries = [entry("app.a", "on"), entry("app.a", "off", enabled=False)]
    text = Page(timeline(entries, [], TUESDAY)).text
    assert "02:30, 1 starts" in text


def test_runs_close_to_each_other_are_one_band_and_others_are_ticks():
    every_minute_at_work = {"kind": "crontab", "minute": "*", "hour": "9-10"}
    drawn = timeline([entry("app.a", spec=every_minute_at_work)], [], TUESDAY)
    assert drawn.count('class="band"') == 1
    assert "120" in Page(drawn).text
    twice = timeline(
        [entry("app.a", spec={"kind": "crontab", "minute": "0,30", "hour": 9})],
        [],
        TUESDAY,
    )
    assert twice.count('class="tick"') == 2
    assert 'class="band"' not in twice
