"""Percentiles from a histogram that adds up over processes."""

from __future__ import annotations

import pytest

from shim.tally import Tally, flatten, restore


def tally_of(*durations):
    tally = Tally()
    for seconds in durations:
        tally.add("succeeded", seconds, 1.0)
    return tally


@pytest.mark.parametrize("seconds", [0.0001, 0.0123, 1.0, 75.0, 9000.0])
def test_a_percentile_is_at_most_a_step_too_long(seconds):
    assert seconds <= tally_of(seconds).percentile(0.5) * 1.0000001
    assert tally_of(seconds).percentile(0.5) <= seconds * 1.19


def test_percentiles_of_many_runs():
    tally = tally_of(*[0.01] * 90, *[1.0] * 10)
    assert tally.percentile(0.5) == pytest.approx(0.01, rel=0.2)
    assert tally.percentile(0.95) == pytest.approx(1.0, rel=0.2)


def test_no_runs_have_no_percentile():
    assert Tally().percentile(0.5) is None


def test_what_is_shorter_than_a_clock_counts_as_shortest():
    assert tally_of(0.0).percentile(0.5) == pytest.approx(0.0001)


def test_the_stored_form_comes_back_as_it_was():
    tally = tally_of(0.5, 2.0)
    tally.add("failed", 0.1, 7.0)
    tally.add("ignored", 0.1, 8.0)
    sums, latest = flatten(tally)
    assert restore(sums | latest) == tally
