"""Celery's own schedules against ours, differentially, over zones with clock changes.

The full counts take minutes: `SCHEDULE_CASES=10000 REALISTIC_CASES=2000` runs them,
a sample is run otherwise. Every case is made from a number, so that a failure can be
run again: `SCHEDULE_SEED`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from migrator.schedules import convert, prove

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Africa/Cairo",
    "America/Santiago",
    "America/Havana",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Asia/Tehran",
)
# Beat's zone is UTC unless somebody sets another one; an assumption, not a survey.
UTC_SHARE = 0.6
TARGETS = ("apscheduler", "kubernetes")
RANDOM_CASES = int(os.environ.get("SCHEDULE_CASES", "40"))
REALISTIC_CASES = int(os.environ.get("REALISTIC_CASES", "60"))
SEED = int(os.environ.get("SCHEDULE_SEED", "1"))
YEARS = float(os.environ.get("SCHEDULE_YEARS", "2"))
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def random_field(rng, low, high, names=()):
    """A field in any form that Celery accepts, wrapped ranges and junk included."""
    first, last = rng.randint(low, high), rng.randint(low, high)
    several = rng.sample(range(low, high + 1), rng.randint(1, min(5, high - low)))
    forms = [
        "*",
        "*",
        f"*/{rng.choice((2, 3, 5, 7, 10, 13, 100))}",
        first,
        str(first),
        ",".join(map(str, several)),
        tuple(several),
        f"{first}-{last}",
        f"{first}-{last}/{rng.randint(1, 6)}",
    ]
    if names:
        forms.append(f"{rng.choice(names)}-{rng.choice(names)}")
    return rng.choice(forms)


def random_crontab(rng, zone):
    return {
        "kind": "crontab",
        "minute": random_field(rng, 0, 59),
        "hour": random_field(rng, 0, 23),
        "day_of_week": random_field(rng, 0, 6, WEEKDAYS),
        "day_of_month": random_field(rng, 1, 31) if rng.random() < 0.5 else "*",
        "month_of_year": random_field(rng, 1, 12) if rng.random() < 0.3 else "*",
        "timezone": zone,
    }


def random_interval(rng, zone):
    unit = rng.choice((1, 60, 3600, 86400))
    seconds = unit * rng.choice((1, 2, 3, 4, 5, 6, 7, 10, 12, 15, 20, 30, 45, 90))
    if rng.random() < 0.1:
        seconds = rng.choice((0.5, 2.5, 0.25, 7.125))
    spec = {"kind": "interval", "seconds": seconds, "timezone": zone}
    if rng.random() < 0.15:
        spec["relative"] = True
    if rng.random() < 0.3:
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
            microseconds=rng.randrange(10**13)
        )
        spec["last_run_at"] = moment.isoformat()
    return spec


def realistic(rng, zone):
    """What projects write: forms and frequencies after the surveyed repositories."""
    minute, hour = rng.randint(0, 59), rng.randint(0, 23)
    crontabs = (
        {"minute": minute, "hour": hour},
        {"minute": 0, "hour": rng.choice((0, 1, 2, 3, 4, 6))},
        {"minute": f"*/{rng.choice((1, 2, 5, 10, 15, 20, 30))}"},
        {"minute": minute},
        {"minute": 0, "hour": f"*/{rng.choice((2, 3, 4, 6, 12))}"},
        {"minute": minute, "hour": hour, "day_of_week": rng.choice(WEEKDAYS)},
        {"minute": minute, "hour": hour, "day_of_week": "mon-fri"},
        {"minute": minute, "hour": hour, "day_of_month": 1},
        {"minute": minute, "hour": "8-18", "day_of_week": "1-5"},
    )
    both_days = {"day_of_month": "1-7", "day_of_week": "mon"}  # rare, and a trap
    intervals = (5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)
    if rng.random() < 0.65:
        fields = dict(rng.choice(crontabs))
        if rng.random() < 0.02:
            fields |= both_days
        return {"kind": "crontab", "timezone": zone, **fields}
    seconds = rng.choice((*intervals, 5400, 604800, 43200))
    return {"kind": "interval", "timezone": zone, "seconds": seconds}


def case(number, maker):
    rng = random.Random(f"{SEED}-{maker.__name__}-{number}")
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        seconds=rng.randrange(4 * 365 * 86400)
    )
    zone = ZONES[number % len(ZONES)]
    if maker is realistic and rng.random() < UTC_SHARE:
        zone = "UTC"
    return maker(rng, zone), start


def differences(maker, numbers, tally):
    """Every case that is converted for a target and does not fire as Celery does."""
    for number in numbers:
        spec, start = case(number, maker)
        conversion = convert(spec)
        for target in TARGETS:
            key = (spec["kind"], target)
            tally[(*key, "all")] += 1
            if target in conversion.refusal:
                tally[(*key, "refused")] += 1
                continue
            if target == "kubernetes" and not conversion.is_plain_for_kubernetes:
                tally[(*key, "guarded")] += 1
            years = YEARS if number % 10 else YEARS * 2
            proof = prove(
                conversion, start=start, years=years, target=target, most_fires=600
            )
            if proof.difference is not None:
                yield f"case {number}, {target}: {spec} {proof.difference}"


def share(tally, kind, target, outcome):
    return tally[(kind, target, outcome)] / max(1, tally[(kind, target, "all")])


@pytest.mark.parametrize("maker", [random_crontab, random_interval])
def test_random_schedules_fire_as_celery_does(maker, record_property):
    tally = Counter()
    count = RANDOM_CASES if maker is random_crontab else RANDOM_CASES // 4
    found = list(differences(maker, range(count), tally))
    record_property("tally", {"/".join(key): n for key, n in tally.items()})
    assert found == []
    if maker is random_crontab:
        legal = convert_share(maker, count)
        for target in TARGETS:
            # Refused are only those that Celery itself rejects.
            assert share(tally, "crontab", target, "refused") == pytest.approx(
                1 - legal
            )


def convert_share(maker, count):
    """The share of cases that Celery accepts as a crontab at all."""
    from celery.schedules import crontab

    accepted = 0
    for number in range(count):
        spec, _ = case(number, maker)
        fields = {k: v for k, v in spec.items() if k not in {"kind", "timezone"}}
        try:
            crontab(**fields)
        except ValueError:
            continue
        accepted += 1
    return accepted / count


def test_realistic_schedules_fire_as_celery_does(record_property):
    """And few are refused: none for APScheduler, few for Kubernetes without a guard."""
    tally = Counter()
    found = list(differences(realistic, range(REALISTIC_CASES), tally))
    record_property("tally", {"/".join(key): n for key, n in tally.items()})
    assert found == []
    assert tally[("crontab", "apscheduler", "refused")] == 0
    assert tally[("crontab", "kubernetes", "refused")] == 0
    assert share(tally, "interval", "apscheduler", "refused") <= 0.10
    assert share(tally, "crontab", "kubernetes", "guarded") <= 0.26
