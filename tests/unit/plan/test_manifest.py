"""migrate.toml keeps what people decided, and says where it is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.errors import PlanError
from migrator.model import (
    Accept,
    CallKind,
    CallSite,
    ContainerKind,
    DefinitionKind,
    Finding,
    Inventory,
    Level,
    Location,
    Option,
    Plan,
    PlannedSchedule,
    ScheduleEntry,
    ScheduleKind,
    Target,
    TaskDefinition,
    Verdict,
)
from migrator.plan import (
    build_plan,
    moved_entries,
    read_manifest,
    refreshed,
    refuse_unknown,
    without_refused,
)
from migrator.plan.refusals import NOT_SERVED, why_it_stays
from shim import options


def definition(name="app.tidy", digest="1", kind=DefinitionKind.SHARED):
    place = Location("app/tasks.py", 4)
    return TaskDefinition(
        name=name,
        function=name.rpartition(".")[2],
        qualified_name=name,
        module="app.tasks",
        location=place,
        kind=kind,
        decorator=place,
        decorator_source="shared_task",
        source_hash=digest,
    )


def verdict(name="app.tidy", level=Level.LIGHT, target=Target.APSCHEDULER):
    finding = Finding("short-body", "3 statements", Location("app/tasks.py", 5), -2)
    return Verdict(name, level, -4, (finding,), target=target)


def entry(name="tidy-nightly", task="app.tidy"):
    return ScheduleEntry(
        name=name,
        task=task,
        kind=ScheduleKind.CRONTAB,
        location=Location("app/celery.py", 9, 4),
        end_line=12,
        container=ContainerKind.DICT_LITERAL,
        source="crontab(minute=0, hour=3)",
        spec={"kind": "crontab", "minute": 0, "hour": (3, 4), "timezone": "UTC"},
        args=Option("args", "(1, 'a')", (1, "a"), is_literal=True),
        options=(Option("expires", "60", 60, is_literal=True),),
    )


EMPTY = Plan("light_tasks", "light_tasks")


def make(manifest=None, *, definitions=None, verdicts=None, schedules=()):
    definitions = definitions or (definition(),)
    verdicts = verdicts or tuple(verdict(d.name) for d in definitions)
    inventory = Inventory(".", tasks=definitions)
    plan = Plan("light_tasks", "light_tasks", schedules=tuple(schedules))
    return build_plan(inventory, verdicts, manifest, plan)


def test_defaults_follow_the_verdict():
    names = ("a.light", "a.review", "a.heavy")
    plan = make(
        definitions=tuple(map(definition, names)),
        verdicts=tuple(
            verdict(n, level) for n, level in zip(names, Level, strict=True)
        ),
    )
    assert [t.accept for t in plan.tasks] == [Accept.YES, Accept.LATER, Accept.NO]


def test_a_refresh_of_an_unchanged_project_changes_no_byte():
    text = refreshed(None, make())
    assert refreshed(read_manifest(text), make(read_manifest(text))) == text


def test_human_edits_and_comments_survive_a_refresh():
    text = refreshed(None, make())
    edited = text.replace('accept = "yes"', 'accept = "no"  # not before May')
    edited = edited.replace('target = "apscheduler"', 'target = "runner"')
    manifest = read_manifest(edited)
    plan = make(manifest)
    assert plan.tasks[0].accept is Accept.NO
    assert plan.tasks[0].target is Target.RUNNER
    assert refreshed(manifest, plan) == edited


def test_a_changed_source_is_marked_and_does_not_move():
    text = refreshed(None, make())
    changed = (definition(digest="2"),)
    plan = make(read_manifest(text), definitions=changed)
    assert plan.tasks[0].is_stale
    assert not plan.tasks[0].moves
    again = refreshed(read_manifest(text), plan)
    assert "stale = true" in again
    still = make(read_manifest(again), definitions=changed)
    assert still.tasks[0].is_stale
    settled = "\n".join(x for x in again.splitlines() if not x.startswith("stale"))
    assert make(read_manifest(settled), definitions=changed).tasks[0].moves


def test_a_light_task_is_never_stale():
    text = refreshed(None, make())
    moved = (definition(digest="2", kind=DefinitionKind.LIGHT),)
    assert make(read_manifest(text), definitions=moved).tasks[0].moves


def test_a_vanished_task_is_marked_gone_and_then_ignored():
    text = refreshed(None, make())
    other = (definition("app.other"),)
    manifest = read_manifest(text)
    with pytest.raises(
        PlanError, match=r"migrate\.toml:\d+: there is no task app\.tidy"
    ):
        refuse_unknown(manifest, Inventory(".", tasks=other))
    again = refreshed(manifest, make(manifest, definitions=other))
    assert "gone = true" in again
    refuse_unknown(read_manifest(again), Inventory(".", tasks=other))


def test_a_class_based_task_stays_and_says_why():
    plan = make(definitions=(definition(kind=DefinitionKind.CLASS),))
    assert not plan.tasks[0].moves
    assert "by hand" in plan.tasks[0].refusal
    assert "cannot_move = " in refreshed(None, plan)


def test_an_accepted_task_whose_target_is_celery_says_what_is_missing():
    held = make().tasks[0]
    held = replace(held, accept=Accept.YES, target=Target.CELERY)
    likely = replace(held.verdict, target=Target.CELERY, runner_up=Target.APSCHEDULER)
    assert 'target = "apscheduler"' in why_it_stays(replace(held, verdict=likely))
    assert why_it_stays(replace(held, target=Target.RUNNER)) == ""
    assert why_it_stays(replace(held, accept=Accept.LATER)) == ""


@pytest.mark.parametrize(
    ("name", "source", "moves"),
    [
        ("soft_time_limit", "30", False),
        ("time_limit", "settings.LIMIT", False),
        ("rate_limit", "'10/m'", False),
        ("rate_limit", "None", True),
        ("serializer", "'pickle'", False),
        ("serializer", '"json"', True),
        ("queue", "'mail'", True),
    ],
)
def test_an_option_that_the_shim_refuses_keeps_the_task(name, source, moves):
    limited = replace(definition(), options=(Option(name, source),))
    assert make(definitions=(limited,)).tasks[0].moves is moves


def test_an_option_of_a_caller_keeps_the_task_too():
    site = CallSite(
        CallKind.APPLY_ASYNC,
        Location("app/views.py", 7),
        "app.tidy",
        "app.views.index",
        "tidy.apply_async(time_limit=5)",
        (Option("time_limit", "5", 5, is_literal=True),),
    )
    inventory = Inventory(".", tasks=(definition(),), call_sites=(site,))
    plan = build_plan(inventory, (verdict(),), None, EMPTY)
    assert "app/views.py:7" in plan.tasks[0].refusal


def test_the_plan_refuses_what_the_shim_refuses():
    assert set(NOT_SERVED) == set(options._REASONS)


def test_a_moved_schedule_comes_back_from_its_record():
    schedule = PlannedSchedule(entry(), Target.APSCHEDULER, trigger="CronTrigger(...)")
    text = refreshed(None, make(schedules=[schedule]), applied=True)
    (moved,) = moved_entries(read_manifest(text))
    assert moved.spec == entry().spec
    assert moved.args.value == (1, "a")
    assert moved.options == entry().options
    assert moved.task == "app.tidy"


def test_a_schedule_that_stays_says_why_and_is_no_record():
    schedule = PlannedSchedule(entry(), Target.CELERY, refusal="a solar schedule")
    text = refreshed(None, make(schedules=[schedule]), applied=True)
    assert 'stays_on_beat = "a solar schedule"' in text
    assert moved_entries(read_manifest(text)) == ()


def test_refusing_a_task_takes_its_schedule_along():
    plan = make(schedules=[PlannedSchedule(entry(), Target.APSCHEDULER)])
    refused = without_refused(plan, {"app.tidy"})
    assert refused.schedules[0].target is Target.CELERY
    assert refused.schedules[0].refusal
    assert without_refused(plan, ()).schedules[0].target is Target.APSCHEDULER


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('accept = "yes"', 'accept = "yep"', "accept = 'yep'"),
        ('target = "apscheduler"', "target = 3", "target = 3"),
        ("format = 1", "format = ", "is not valid TOML"),
    ],
)
def test_a_wrong_edit_names_its_line(old, new, says):
    text = refreshed(None, make()).replace(old, new)
    line = text.splitlines().index(new) + 1
    with pytest.raises(PlanError, match=rf"migrate\.toml:{line}\b.*{says}"):
        read_manifest(text)


def test_a_missing_key_names_the_line_of_its_stanza():
    text = refreshed(None, make()).replace('accept = "yes"\n', "")
    line = text.splitlines().index('[tasks."app.tidy"]') + 1
    with pytest.raises(PlanError, match=rf"migrate\.toml:{line}: accept = None"):
        read_manifest(text)


def test_a_format_of_another_version_is_named():
    text = refreshed(None, make()).replace("format = 1", "format = 9")
    with pytest.raises(PlanError, match="format = 9"):
        read_manifest(text)


def test_names_with_quotes_and_dots_survive():
    name = 'app."odd" name.ü'
    text = refreshed(None, make(definitions=(definition(name),)))
    assert list(read_manifest(text).stanzas) == [name]
