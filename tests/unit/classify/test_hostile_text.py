"""Source text from any repository is read or left unread; it never raises."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from migrator.classify import classify
from migrator.classify.bounds import Bound, bound_of
from migrator.classify.periods import fits_kubernetes, shortest_period
from migrator.classify.routes import read_routes
from migrator.model import Call, CallKind, Level, Loop, Setting
from tests.unit.classify.inventories import (
    PLACE,
    crontab,
    delay,
    every,
    function,
    option,
    project,
    task,
)

# Pieces of Python, so that many texts parse and many nearly do.
pieces = st.lists(
    st.sampled_from(
        [
            *"()[]{}.,:*=' \x00\n",
            "a",
            "self",
            "objects",
            "all()",
            "lambda x: x",
            "…",
            "'q'",
            "{'queue': 'q'}",
            "not",
            "await",
            "1",
            "x if y else z",
            "f'{a}'",
        ]
    ),
    max_size=12,
).map("".join)
texts = st.one_of(pieces, st.text(max_size=40))
values = st.one_of(
    st.none(), st.booleans(), st.integers(-99, 999), st.floats(), st.text(max_size=8)
)


@given(texts, texts)
def test_a_bound_is_always_one_of_the_kinds(source, given_to_a):
    from migrator.model import Assignment

    facts = function("f", assignments=(Assignment("a", given_to_a, PLACE),))
    assert bound_of(source, facts, {"x"}) in Bound


@given(texts)
def test_routes_that_cannot_be_read_fit_every_task(source):
    routes = list(read_routes(Setting("task_routes", PLACE, source)))
    for route in routes:
        assert route.fits("a") in {True, False}


@given(st.dictionaries(st.sampled_from(["minute", "hour", "day_of_week"]), values))
def test_a_period_of_a_crontab_is_at_least_a_minute(fields):
    entry = crontab(**fields)
    period = shortest_period(entry)
    assert period is not None
    assert period >= 60
    fits_kubernetes(entry)


@given(values)
def test_an_interval_is_read_or_unknown(seconds):
    entry = every(seconds)
    period = shortest_period(entry)
    assert period is None or isinstance(period, float)
    fits_kubernetes(entry)


@given(
    st.lists(texts, max_size=4),
    st.lists(texts, max_size=2),
    st.dictionaries(
        st.sampled_from(
            [
                "max_retries",
                "retry_backoff",
                "default_retry_delay",
                "time_limit",
                "rate_limit",
                "queue",
                "autoretry_for",
                "retry_kwargs",
                "acks_late",
            ]
        ),
        values,
        max_size=4,
    ),
)
def test_a_verdict_is_always_given(targets, loops, options):
    calls = [Call(t, PLACE, n % 2 == 0, n % 3, (), t) for n, t in enumerate(targets)]
    facts = function(
        "shop.tasks.sweep",
        *calls,
        loops=tuple(Loop(PLACE, "for", source) for source in loops),
    )
    body = task(options=tuple(option(*pair) for pair in options.items()), body=facts)
    site = delay(
        enclosing="shop.tasks.sweep", loop_depth=1, loop_iterates="".join(loops)
    )
    (found,) = classify(project(body, call_sites=(site,)))
    assert found.level in Level
    assert math.isfinite(found.score)
    assert site.kind is CallKind.DELAY
    assert found.level is Level.HEAVY  # it enqueues itself
