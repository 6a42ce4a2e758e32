"""How long a task is tried again, in numbers of Celery's own rules."""

from __future__ import annotations

import pytest

from migrator.classify.retries import RetryPolicy
from tests.unit.classify.inventories import PLACE


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 3 * 180),
        ({"max_retries": 0}, 0),
        ({"max_retries": None}, float("inf")),
        ({"max_retries": 4, "backoff": 30, "backoff_max": 100}, 30 + 60 + 100 + 100),
        ({"max_retries": 100, "backoff": 1, "backoff_max": 1}, 100),
    ],
)
def test_the_horizon_is_the_sum_of_all_waits(given, seconds):
    assert RetryPolicy(PLACE, **given).horizon == seconds
