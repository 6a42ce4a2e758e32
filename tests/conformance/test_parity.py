"""The same cases on real Celery and on the shim with each outbox: same outcomes.

What differs is listed here with its reason, and in docs/guarantees.md.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.parity.play import fresh_database, play

# Another process cannot see what this one keeps in its memory: a worker that
# continues a chain, or a forked child, puts its call where nobody takes it out.
NOT_FOR_MEMORY = (
    "call_from_a_forked_child",
    "chain_heavy_light",
    "chain_light_heavy_light",
    "chord_with_heavy_header",
    "chunks",
    "heavy_calls_light",
    "map_and_starmap",
)
SIDES = ("celery", "memory", "sqlite", "postgres", "broker")
# Celery 5.3 says nothing about a body that calls sys.exit(): PENDING for ever.
STRICTER = ("P", "WorkerLostError")
DURABLE = ("sqlite", "postgres", "broker")


@pytest.fixture(scope="module")
def outcomes(redis_url, postgres_url, tmp_path_factory):
    """The outcomes of all cases, by side; the sides play at the same time."""
    file = tmp_path_factory.mktemp("parity") / "outbox.sqlite3"
    outboxes = {
        "memory": "memory",
        "sqlite": f"sqlite:///{file}",
        "postgres": fresh_database(postgres_url),
        "broker": "broker",
    }
    with ThreadPoolExecutor(len(SIDES)) as pool:
        plays = {
            side: pool.submit(
                play,
                side,
                f"{redis_url.rpartition('/')[0]}/{number}",
                outboxes.get(side),
                excepted=NOT_FOR_MEMORY if side == "memory" else (),
            )
            for number, side in enumerate(SIDES, start=4)
        }
        return {side: playing.result()[0] for side, playing in plays.items()}


def test_more_than_a_hundred_behaviours_are_played(outcomes):
    played = {side: len(found) for side, found in outcomes.items()}
    assert played["celery"] >= 230
    assert played["memory"] == played["celery"] - len(NOT_FOR_MEMORY)
    assert {played[side] for side in DURABLE} == {played["celery"]}


def test_no_case_is_broken_on_celery(outcomes):
    broken = {k: v for k, v in outcomes["celery"].items() if "case failed" in str(v)}
    assert broken == {}


@pytest.mark.parametrize("side", SIDES[1:])
def test_the_shim_behaves_as_celery(outcomes, side):
    celery, shim = outcomes["celery"], outcomes[side]
    differing = {k: (celery[k], v) for k, v in shim.items() if v != celery[k]}
    assert differing in ({}, {"result_of_an_exit": STRICTER})
