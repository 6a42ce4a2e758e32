"""How findings become a verdict: vetoes, scores, unknowns, evidence, overrides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.classify import classify, unmatched_overrides
from migrator.config import Override
from migrator.errors import ConfigurationError
from migrator.model import (
    BlindSpot,
    DefinitionKind,
    Evidence,
    Level,
    Location,
    Marker,
    Target,
)
from tests.unit.classify.inventories import (
    call,
    delay,
    every,
    function,
    light_task,
    option,
    project,
    task,
)

DAY = 86400.0
FAST = Evidence("shop.tasks.sweep", runs=100, window=DAY, p50=0.1, p95=0.4, max=1.0)
SLOW = Evidence("shop.tasks.sweep", runs=100, window=DAY, p50=60, p95=90, max=200)
UNTRACED = call("stranger.work", resolved=False)


def verdict(*tasks, evidence=(), overrides=None, weights=None, **given):
    found = classify(
        project(*tasks, **given),
        evidence=evidence,
        overrides=overrides,
        weights=weights,
    )
    return found[0]


def test_one_verdict_for_each_task_in_the_same_order():
    names = [f"shop.tasks.t{n}" for n in (3, 1, 2)]
    found = classify(project(*[task(name) for name in names]))
    assert [v.task for v in found] == names


def test_the_score_is_the_sum_of_the_weights():
    found = verdict(light_task())
    assert found.level is Level.LIGHT
    assert found.score == sum(f.weight for f in found.findings) == -7
    assert not found.is_confirmed


def test_a_task_of_which_nothing_is_known_is_for_review():
    found = verdict(task(statements=40))
    assert (found.level, found.score) == (Level.REVIEW, 0)


def test_a_veto_goes_before_any_score():
    found = verdict(light_task(options=(option("rate_limit", "1/s"),)))
    assert found.level is Level.HEAVY
    assert found.score == -7
    assert found.findings[0].rule == "rate-limit"
    assert found.target is Target.CELERY


def test_an_unknown_is_never_light():
    found = verdict(light_task("shop.tasks.sweep", UNTRACED))
    assert found.level is Level.REVIEW
    assert found.findings[0].rule == "unresolved-call"
    assert found.findings[0].is_unknown


def test_calls_are_followed_into_the_project():
    service = function("shop.service.run", call("shop.deep.convert"))
    deep = function("shop.deep.convert", call("subprocess.run"))
    found = verdict(
        light_task("shop.tasks.sweep", call("shop.service.run")),
        functions=(service, deep),
    )
    assert found.level is Level.HEAVY
    assert found.findings[0].rule == "process-use"


def test_functions_that_call_each_other_are_followed_once():
    one = function("shop.a", call("shop.b"))
    two = function("shop.b", call("shop.a"))
    assert (
        verdict(
            light_task("shop.tasks.sweep", call("shop.a")), functions=(one, two)
        ).level
        is Level.LIGHT
    )


def test_what_lies_too_deep_is_unknown():
    chain = [function(f"shop.f{n}", call(f"shop.f{n + 1}")) for n in range(20)]
    found = verdict(
        light_task("shop.tasks.sweep", call("shop.f0")),
        functions=(*chain, function("shop.f20")),
    )
    assert found.level is Level.REVIEW
    assert any("too deep" in f.message for f in found.findings)


# ------------------------------------------------------------------- evidence


def test_fast_runs_confirm_a_light_task():
    found = verdict(light_task(), evidence=[FAST])
    assert (found.level, found.is_confirmed) == (Level.LIGHT, True)


def test_slow_runs_make_a_light_task_heavy():
    found = verdict(light_task(), evidence=[SLOW])
    assert found.level is Level.HEAVY
    assert found.findings[0].rule == "measured-slow"


def test_fast_runs_lift_what_could_not_be_followed():
    body = light_task("shop.tasks.sweep", UNTRACED)
    assert verdict(body).level is Level.REVIEW
    found = verdict(body, evidence=[FAST])
    assert (found.level, found.is_confirmed) == (Level.LIGHT, True)


def test_fast_runs_do_not_lift_an_unknown_that_is_no_matter_of_cost():
    body = light_task(name_is_certain=False)
    assert verdict(body, evidence=[FAST]).level is Level.REVIEW


def test_fast_runs_never_lift_a_veto():
    body = light_task(options=(option("rate_limit", "1/s"),))
    assert verdict(body, evidence=[FAST]).level is Level.HEAVY


@pytest.mark.parametrize(
    ("runs", "window", "reason"),
    [(29, 10 * DAY, "29 runs"), (1000, DAY - 1, "of a period of 86400 s")],
)
def test_thin_evidence_changes_nothing_and_says_so(runs, window, reason):
    thin = Evidence("shop.tasks.sweep", runs=runs, window=window, p95=0.1)
    found = verdict(light_task(), evidence=[thin], schedules=(every(DAY),))
    assert not found.is_confirmed
    assert any(reason in f.message for f in found.findings)
    slow = Evidence("shop.tasks.sweep", runs=runs, window=window, p95=500.0)
    again = verdict(light_task(), evidence=[slow], schedules=(every(DAY),))
    assert again.level is Level.LIGHT


def test_thirty_runs_over_one_period_are_enough():
    enough = Evidence("shop.tasks.sweep", runs=30, window=DAY, p95=0.1)
    assert verdict(
        light_task(), evidence=[enough], schedules=(every(DAY),)
    ).is_confirmed


def test_evidence_of_another_task_changes_nothing():
    other = Evidence("shop.tasks.other", runs=100, window=DAY, p95=500.0)
    assert verdict(light_task(), evidence=[other]) == verdict(light_task())


# ------------------------------------------------------------------ overrides


def marked(decision, **given):
    marker = Marker(decision, "because", Location("shop/tasks.py", 9))
    return light_task(marker=marker, **given)


def test_a_comment_decides_and_the_reasons_stay():
    vetoed = marked("light", options=(option("rate_limit", "1/s"),))
    found = verdict(vetoed)
    assert found.level is Level.LIGHT
    assert found.overridden_by == "comment shop/tasks.py:9"
    assert [f.rule for f in found.vetoes] == ["rate-limit"]
    assert found.target is Target.RUNNER
    assert verdict(marked("heavy")).level is Level.HEAVY


def test_what_is_ignored_stays_on_celery():
    found = verdict(marked("ignore"))
    assert found.target is Target.CELERY
    assert "because" in found.target_reason


def test_configuration_goes_before_the_comment_and_says_so():
    overrides = {"shop.tasks.sweep": Override("heavy", "told so")}
    found = verdict(marked("light"), overrides=overrides)
    assert found.level is Level.HEAVY
    assert found.overridden_by == (
        "configuration (against the comment shop/tasks.py:9: light)"
    )


def test_overrides_that_hit_nothing_are_told():
    spot = BlindSpot("unmatched-marker", Location("a.py", 3), "# migrate: light", "")
    inventory = project(light_task(), blind_spots=(spot,))
    overrides = {"shop.tasks.sweep": Override("light"), "gone": Override("light")}
    lines = unmatched_overrides(inventory, overrides)
    assert len(lines) == 2
    assert "gone" in lines[0]
    assert "a.py:3" in lines[1]


def test_a_task_that_has_been_moved_is_light():
    found = verdict(task(kind=DefinitionKind.LIGHT, statements=90))
    assert found.level is Level.LIGHT
    assert "light_task" in found.overridden_by


# -------------------------------------------------------------------- weights


def test_a_changed_weight_changes_the_score():
    assert verdict(light_task(), weights={"short-body": 4}).score == 0


@pytest.mark.parametrize(
    ("weights", "score", "level"),
    [
        ({"short-body": 1}, -3, Level.LIGHT),
        ({"short-body": 1, "result-ignored": 0}, -2, Level.REVIEW),
        ({"short-body": 6}, 2, Level.REVIEW),
        ({"short-body": 7}, 3, Level.HEAVY),
    ],
)
def test_the_score_decides_from_its_limits_on(weights, score, level):
    found = verdict(light_task(), weights=weights)
    assert (found.score, found.level) == (score, level)


def test_one_strong_objection_is_not_outvoted_but_measured_away():
    weights = {"short-body": -9, "result-ignored": 2}
    assert verdict(light_task(), weights=weights).level is Level.REVIEW
    measured = verdict(light_task(), weights=weights, evidence=[FAST])
    assert measured.level is Level.LIGHT
    weaker = verdict(light_task(), weights={**weights, "result-ignored": 1})
    assert weaker.level is Level.LIGHT


def test_a_rule_counts_once_however_often_it_hits():
    calls = [call(f"requests.{name}", loop_depth=1) for name in ("get", "post")]
    seen = [
        finding
        for finding in verdict(task("shop.tasks.sweep", *calls)).findings
        if finding.rule == "network-without-timeout"
    ]
    assert sorted(finding.weight for finding in seen) == [0, 1]


def test_a_weight_of_no_rule_is_refused():
    with pytest.raises(ConfigurationError, match="shrt-body"):
        verdict(light_task(), weights={"shrt-body": 1})


# ------------------------------------------------------------------- the order


def test_the_reasons_that_speak_for_the_level_come_first():
    light = verdict(
        light_task(),
    ).findings
    assert [f.weight for f in light] == sorted(f.weight for f in light)
    heavy = verdict(task(options=(option("soft_time_limit", 900),), statements=80))
    assert heavy.findings[0].rule == "long-time-limit"


VETOES = (
    option("rate_limit", "1/s"),
    option("max_retries", None),
    option("serializer", "pickle"),
)


@given(st.sampled_from(VETOES[:2]), st.integers(1, 100), st.booleans())
def test_no_veto_is_ever_light_without_a_person(veto, statements, is_measured):
    body = light_task(options=(veto,), statements=statements)
    found = verdict(body, evidence=[FAST] if is_measured else [])
    assert found.level is Level.HEAVY


def test_callers_in_tests_do_not_count():
    seen = delay(in_tests=True, result_used="assigned", handler="fastapi")
    assert verdict(light_task(), call_sites=(seen,)) == verdict(light_task())


def test_a_rule_that_hits_often_tells_how_often():
    calls = [call(f"stranger.work{n}", resolved=False) for n in range(9)]
    seen = [
        finding
        for finding in verdict(task("shop.tasks.sweep", *calls)).findings
        if finding.rule == "unresolved-call"
    ]
    assert len(seen) == 5
    assert seen[-1].message.endswith("(+4 more)")


def test_many_harmless_loops_do_not_hide_the_open_one():
    kinds = [f"KINDS_{n}" for n in range(9)]
    sites = [
        delay(
            "shop.tasks.other",
            "shop.tasks.sweep",
            loop_depth=1,
            loop_iterates=iterates,
            location=Location("shop/tasks.py", 11 + number),
        )
        for number, iterates in enumerate([*kinds, "rows"])
    ]
    body = light_task()
    found = verdict(body, task("shop.tasks.other"), call_sites=tuple(sites))
    assert found.level is not Level.LIGHT
    assert any(f.is_unknown and "`rows`" in f.message for f in found.findings)
