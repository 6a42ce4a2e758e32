"""Conversion of single schedules: what is emitted, and what is refused and why."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from migrator.schedules import NotConvertibleError, Proof, convert, prove


def crontab(**fields):
    return {"kind": "crontab", **fields}


def interval(seconds, **more):
    return {"kind": "interval", "seconds": seconds, **more}


def source(spec):
    return str(convert(spec).trigger_source)


def test_all_eight_fields_are_stated():
    """A field left out would mean its minimum: hour=3 would run once, not 60 times."""
    text = source(crontab(hour=3))
    names = ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second")
    assert all(f"{name}=" in text for name in names)
    assert 'minute="*"' in text
    assert 'second="0"' in text


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("day_of_week", 0, 'day_of_week="sun"'),
        ("day_of_week", "fri-mon", 'day_of_week="sun,mon,fri,sat"'),
        ("day_of_week", "Mondayish", 'day_of_week="mon"'),
        ("day_of_week", "sun-sat", 'day_of_week="*"'),
        ("day_of_week", "0-6", 'day_of_week="*"'),
        ("hour", "22-2", 'hour="0,1,2,22,23"'),
        ("hour", "22-2/2", 'hour="0,2,22"'),
        ("minute", "*/100", 'minute="0"'),
        ("minute", (0, 30), 'minute="0,30"'),
        ("minute", [5, 5], 'minute="5"'),
        ("minute", True, 'minute="1"'),
        ("day_of_month", "31-2", 'day="1,2,31"'),
        ("day_of_month", "1-31", 'day="*"'),
        ("month_of_year", "*/3", 'month="1,4,7,10"'),
        ("month_of_year", "nov-feb", 'month="1,2,11,12"'),
    ],
)
def test_fields_are_expanded_by_celerys_rules(field, value, expected):
    """No text is passed through: other schedulers read it differently."""
    assert expected in source(crontab(**{field: value}))


@pytest.mark.parametrize(
    "fields",
    [
        {"day_of_month": 30, "month_of_year": 2},
        {"minute": []},
        {"minute": 60},
        {"day_of_week": 7},
        {"minute": "*/0"},
        {"minute": ""},
        {"hour": "?"},
        {"minute": b"0"},
        {"minute": iter([1])},
        {"minute": ["1", "2"]},
        {"minute": [1.5]},
        {"minute": object()},
        {"minute": [[1]]},
        {"minute": range(10**12)},
    ],
    # An object's own repr holds its address, which differs between test processes.
    ids=lambda fields: ",".join(f"{k}-{type(v).__name__}" for k, v in fields.items()),
)
def test_what_celery_rejects_or_never_runs_is_refused(fields):
    """Such entries are broken today; converting them would hide it."""
    conversion = convert(crontab(**fields))
    assert set(conversion.refusal) == {"apscheduler", "kubernetes"}
    assert all(conversion.refusal.values())
    with pytest.raises(NotConvertibleError):
        conversion.apscheduler_trigger()


def test_the_field_that_celery_rejects_is_named():
    refusal = convert(crontab(minute=5, hour="25"))
    assert "rejects hour:" in refusal.refusal["kubernetes"]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (crontab(hour=[[1]]), "hour"),
        (crontab(minute=range(10**12)), "minute"),
        (crontab(minute="5" * 10_000), "minute"),
        (crontab(timezone=5), "timezone"),
        (crontab(seconds=5), "seconds"),
        (crontab(relative=True), "relative"),
        (interval(60, minute=0), "minute"),
        (interval(60, day_of_week=[1]), "day_of_week"),
        (interval("60"), "seconds"),
        (interval(0), "seconds"),
        (interval(1e300), "seconds"),
        (interval(90, relative=True), "relative"),
        (interval(60, last_run_at="x"), "last_run_at"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_refusal_names_its_field(spec, field):
    reason = convert(spec).refusal["apscheduler"]
    assert field in reason
    assert len(reason) < 300


def test_a_value_of_the_other_kind_that_says_nothing_is_no_fault():
    assert not convert(crontab(minute=5, seconds=None, relative=False)).refusal


def test_without_apscheduler_only_the_trigger_object_is_missing():
    """The base install has no APScheduler: strings for Kubernetes need none."""
    program = (
        "import sys; sys.modules['apscheduler'] = None\n"
        "from migrator.schedules import convert\n"
        "made = convert({'kind': 'crontab', 'minute': 5})\n"
        "assert made.kubernetes().cron == ['5 * * * *']\n"
        "made.apscheduler_trigger()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert "pip install 'apscheduler>=3.11.1,<4'" in ended.stderr


def test_a_key_that_is_no_field_is_named():
    conversion = convert(crontab(minute=5, name="nightly"))
    assert not conversion.refusal
    assert conversion.warnings == ("'name' is no field of a schedule, and ignored",)


@pytest.mark.parametrize("seconds", [0.5, 1, 7, 3600, 86400.0])
@pytest.mark.parametrize("relative", [False, True])
def test_a_last_run_of_long_ago_does_not_blur_the_slots(seconds, relative):
    """RedBeat and others keep the year 1 for "never"; floats are coarse over that."""
    if relative and seconds < 1:
        return
    last = datetime.min  # noqa: DTZ901 - as a store holds it
    spec = interval(
        seconds, relative=relative, last_run_at=last, timezone="Asia/Tehran"
    )
    if relative and seconds == 3600:
        spec["timezone"] = "Europe/Berlin"
    proof = prove(spec, start=datetime(2026, 11, 28, tzinfo=UTC), years=0.1)
    assert proof.identical, proof.difference


def test_the_guard_answers_for_a_scheduled_time():
    """Kubernetes runs on either of two restricted day fields, Celery on both."""
    spec = crontab(minute=0, hour=9, day_of_month="1-7", day_of_week="mon")
    cron, zone, guard = convert(spec).kubernetes()
    assert (cron, zone) == (["0 9 * * 1"], "Etc/UTC")
    assert guard(datetime(2026, 12, 7, 9, tzinfo=UTC))
    assert not guard(datetime(2026, 12, 14, 9, tzinfo=UTC))
    with pytest.raises(ValueError, match="no time zone"):
        guard(datetime(2026, 12, 7, 9))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("text", ["mon#1", "1-5-9", "Mondayish#", "mon,tue#2"])
def test_misleading_text_is_warned_about(text):
    """`mon#1` looks like the first Monday of the month and means every Monday."""
    assert convert(crontab(day_of_week=text)).warnings


@pytest.mark.parametrize("text", ["*", "*/2", "mon-fri", "monday", "1,3-5/2", "0"])
def test_plain_text_is_not_warned_about(text):
    assert not convert(crontab(day_of_week=text)).warnings


@pytest.mark.parametrize(
    ("zone", "hour", "name"),
    [
        ("UTC", 0, "CronTrigger"),
        ("Asia/Kolkata", 0, "CronTrigger"),
        ("America/New_York", 9, "CronTrigger"),
        ("America/New_York", 0, "WallClockTrigger"),
        ("America/New_York", 2, "WallClockTrigger"),
        ("America/New_York", "*", "WallClockTrigger"),
        ("Africa/Cairo", 23, "WallClockTrigger"),
        ("Antarctica/Troll", 2, "WallClockTrigger"),
    ],
)
def test_the_own_trigger_is_used_where_clock_changes_matter(zone, hour, name):
    text = source(crontab(minute=0, hour=hour, timezone=zone))
    assert text.startswith(f"{name}(")
    assert f'timezone="{zone}"' in text


def test_an_interval_hangs_on_a_constant():
    """Every replica, and every later release, must agree on the slots."""
    text = source(interval(90))
    assert text == source(interval(timedelta(seconds=90)))
    assert "start_date=datetime(2024, 1, 1, tzinfo=UTC)" in text
    assert "seconds=90," in text


def test_an_interval_goes_on_from_the_last_run():
    text = source(interval(3600, last_run_at="2026-03-01T02:03:04.5+01:00"))
    assert "start_date=datetime(2026, 3, 1, 2, 3, 4, 500000, tzinfo=UTC)" in text


@pytest.mark.parametrize(
    ("seconds", "relative"),
    [(5400, True), (90, True), (2.5, True), (0.5, True), (0, False), (-1, False)],
)
def test_intervals_without_a_steady_pace_are_refused(seconds, relative):
    assert convert(interval(seconds, relative=relative)).refusal["apscheduler"]


@pytest.mark.parametrize(
    "spec",
    [
        interval("90"),
        interval(None),
        interval(float("nan")),
        interval(float("inf")),
        interval(True),
        interval(1e-4),
        interval(60, last_run_at="yesterday"),
        interval(60, last_run_at=12),
        interval(60, last_run_at="9999-12-31T23:59:59"),
        interval(3600, last_run_at="9999-12-31T00:00:00"),
        interval(1e11),
        interval(timedelta.max),
        crontab(hours=3),
        interval(60, period="minutes"),
        {"kind": "solar"},
        {},
        crontab(timezone="Mars/Olympus"),
        crontab(timezone="../../etc/passwd"),
        crontab(timezone="/etc/localtime"),
    ],
    ids=str,
)
def test_unusable_specs_are_refused_with_a_reason(spec):
    """The converter takes data from strangers' code: it answers, it does not raise."""
    conversion = convert(spec)
    assert all(conversion.refusal[target] for target in ("apscheduler", "kubernetes"))


@pytest.mark.parametrize(
    "spec",
    [
        crontab(minute="*/10"),
        crontab(minute=30, hour=1, timezone="Europe/Berlin"),
        crontab(minute="*/20", timezone="America/New_York"),
        crontab(minute=0, hour=0, day_of_month=1, timezone="America/New_York"),
        crontab(minute=0, hour=0, day_of_month=29, month_of_year=2),
        interval(5.0),
        interval(timedelta(days=7)),
        interval(86400, relative=True, timezone="Africa/Cairo"),
        interval(7 * 86400, relative=True, timezone="America/Havana"),
        interval(3600, relative=True, timezone="Asia/Kolkata"),
    ],
    ids=str,
)
def test_the_proof_finds_no_difference(spec):
    start = datetime(2026, 11, 20, 3, 7, tzinfo=UTC)
    proof = prove(spec, start=start, years=3)
    assert proof.identical, proof.difference
    assert proof.compared > 0
    assert all(fire > start for fire in proof.next_fires)


def test_the_proof_finds_a_difference():
    """Against a trigger that loses hour 0 after a clock change, as the stock one."""
    from dataclasses import replace

    from migrator.schedules.triggers import TriggerSource

    conversion = convert(crontab(minute=0, hour=0, timezone="America/New_York"))
    stock = (
        'CronTrigger(year="*", month="*", day="*", week="*", day_of_week="*", '
        'hour="0", minute="0", second="0", timezone="America/New_York")'
    )
    imports = (("apscheduler.triggers.cron", "CronTrigger"),)
    wrong = replace(conversion, trigger_source=TriggerSource(stock, imports))
    proof = prove(wrong, start=datetime(2026, 11, 20, tzinfo=UTC), years=1)
    assert not proof.identical
    assert proof.difference is not None
    assert "2027-03-15" in str(proof.difference)
    assert len(proof.clock_changes) == 2


def test_a_dense_schedule_is_compared_in_windows():
    """Clock changes and month's ends are compared whatever the density."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    proof = prove(crontab(timezone="Europe/Berlin"), start=start)
    assert proof.identical
    assert not proof.is_complete
    assert len(proof.clock_changes) == 4


def test_the_own_trigger_survives_the_job_store():
    conversion = convert(crontab(minute="5,35", hour=1, timezone="Europe/Berlin"))
    trigger = conversion.apscheduler_trigger()
    copy = pickle.loads(pickle.dumps(trigger))
    now = datetime(2027, 3, 27, tzinfo=UTC)
    assert copy.get_next_fire_time(None, now) == trigger.get_next_fire_time(None, now)
    assert repr(copy) == repr(trigger)


def test_the_package_is_importable_by_itself():
    """Neither Celery nor APScheduler is loaded before something is converted."""
    program = (
        "import sys, migrator.schedules; "
        "assert not {'celery', 'apscheduler', 'libcst', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_relative_week_keeps_the_weekday_of_its_last_run():
    tuesday = "2026-11-24T10:00:00+00:00"
    text = source(interval(7 * 86400, relative=True, last_run_at=tuesday))
    assert 'day_of_week="tue", hour="0", minute="0"' in text


def test_relative_hours_stay_where_clocks_move_by_half_an_hour():
    zone = "Australia/Lord_Howe"
    refused = convert(interval(7200, relative=True, timezone=zone)).refusal
    assert all("a part of an hour" in reason for reason in refused.values())
    assert set(refused) == {"apscheduler", "kubernetes"}


def test_a_comparison_of_no_run_proves_nothing():
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert not Proof(now, now, 0, True, None, (), ()).identical
    assert Proof(now, now, 1, True, None, (), ()).identical
