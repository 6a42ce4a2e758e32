"""How long a loop can be, by the source of what it goes over."""

from __future__ import annotations

import pytest

from migrator.classify.bounds import Bound, bound_of
from migrator.classify.periods import shortest_period
from migrator.classify.retries import RetryPolicy
from migrator.model import Assignment, FunctionFacts, Location
from tests.unit.classify.inventories import PLACE, crontab

NAMES = {
    "rows": "User.objects.all()",
    "few": "db.scalars(select(User.id).limit(20)).all()",
    "alias": "few",
    "loop": "pool",
    "pool": "loop",
}
FACTS = FunctionFacts(
    "shop.f",
    PLACE,
    3,
    assignments=tuple(Assignment(n, s, Location("a.py", 1)) for n, s in NAMES.items()),
)


@pytest.mark.parametrize(
    ("source", "bound"),
    [
        ("(1, 2, 3)", Bound.SMALL),
        ("[]", Bound.SMALL),
        ("KINDS", Bound.SMALL),
        ("settings.REGIONS", Bound.SMALL),
        ("Order.STATES", Bound.SMALL),
        ("range(10)", Bound.SMALL),
        ("enumerate(KINDS)", Bound.SMALL),
        ("KINDS.items()", Bound.SMALL),
        ("pks[:10]", Bound.SMALL),
        ("User.objects.all()[:10]", Bound.SMALL),
        ("islice(rows, 5)", Bound.SMALL),
        ("few", Bound.SMALL),
        ("alias", Bound.SMALL),
        ("rows", Bound.QUERY),
        ("enumerate(rows)", Bound.QUERY),
        ("range(len(rows))", Bound.QUERY),
        ("User.objects.filter(due=True).iterator()", Bound.QUERY),
        ("session.query(User)", Bound.QUERY),
        ("db.scalars(select(User))", Bound.QUERY),
        ("KINDS + list(rows)", Bound.QUERY),
        ("[row.pk for row in rows]", Bound.QUERY),
        ("pks", Bound.GIVEN),
        ("pks[2:]", Bound.GIVEN),
        ("[*pks]", Bound.UNREAD),
        ("self.things", Bound.UNREAD),
        ("loop", Bound.UNREAD),
        ("somewhere()", Bound.UNREAD),
        ("cut off in the mid…", Bound.UNREAD),
    ],
)
def test_the_bound_of_a_loop(source, bound):
    assert bound_of(source, FACTS, {"pks"}) is bound


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, 60),
        ({"minute": "*/5"}, 300),
        ({"minute": "0,50"}, 600),
        ({"minute": "58,2"}, 240),
        ({"minute": 0, "hour": "*/6"}, 6 * 3600),
        ({"minute": 0, "hour": "22-2"}, 3600),
        ({"minute": 0, "hour": 4}, 86400),
        ({"minute": 0, "hour": 4, "day_of_week": "sun"}, 7 * 86400),
        ({"minute": 0, "hour": 4, "day_of_week": "mon,thu"}, 86400),
        ({"minute": (0, 30)}, 1800),
        ({"minute": "junk"}, 60),
    ],
)
def test_the_shortest_period_of_a_crontab(fields, seconds):
    assert shortest_period(crontab(**fields)) == seconds


@pytest.mark.parametrize(
    ("policy", "horizon"),
    [
        (RetryPolicy(PLACE), 540.0),
        (RetryPolicy(PLACE, max_retries=4, delay=10.0), 40.0),
        (RetryPolicy(PLACE, max_retries=4, backoff=1.0), 15.0),
        (RetryPolicy(PLACE, max_retries=4, backoff=1.0, backoff_max=3.0), 9.0),
        (RetryPolicy(PLACE, max_retries=10_000, backoff=1.0), 5_995_023.0),
        (RetryPolicy(PLACE, max_retries=None), float("inf")),
    ],
)
def test_the_horizon_is_the_sum_of_the_waits(policy, horizon):
    assert policy.horizon == horizon
