"""Percentiles are measured times; overlaps are counted exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.operate.evidence.prometheus import increase
from migrator.operate.evidence.samples import most_at_once, percentile

times = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


@given(times, st.floats(0.01, 1.0))
def test_a_percentile_is_one_of_the_times_and_covers_its_share(values, share):
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in ordered
    assert sum(value <= found for value in ordered) >= share * len(ordered) - 1e-9


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=30))
def test_most_at_once_equals_counting_at_each_start(spans):
    spans = [(start, start + length) for start, length in spans]
    counted = [sum(s <= at < e for s, e in spans) for at, _ in spans]
    assert most_at_once(spans) == max(counted, default=None)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=20))
def test_a_counter_with_restarts_never_shrinks(values):
    points = [(float(i), float(v)) for i, v in enumerate(values)]
    assert increase(points) >= max(values) - values[0]
