"""Small inventories by plain constructors."""

from __future__ import annotations

from migrator.model import (
    Call,
    CallKind,
    CallSite,
    ContainerKind,
    DefinitionKind,
    FunctionFacts,
    Inventory,
    Location,
    Option,
    ScheduleEntry,
    ScheduleKind,
    TaskDefinition,
)

PLACE = Location("shop/tasks.py", 10)


def option(name, value):
    return Option(name, repr(value), value, is_literal=True)


def call(target, *, resolved=True, loop_depth=0, keywords=()):
    return Call(target, PLACE, resolved, loop_depth, keywords, f"{target}()")


def function(name, *calls, statements=3, **facts):
    return FunctionFacts(name, PLACE, statements, calls, **facts)


def task(name="shop.tasks.sweep", *calls, options=(), statements=3, **given):
    qualified = f"shop.tasks.{name.rpartition('.')[2]}"
    body = given.pop("body", None) or function(qualified, *calls, statements=statements)
    return TaskDefinition(
        name=name,
        function=name.rpartition(".")[2],
        qualified_name=qualified,
        module="shop.tasks",
        location=PLACE,
        kind=given.pop("kind", DefinitionKind.SHARED),
        decorator=Location(PLACE.path, PLACE.line - 1),
        decorator_source="shared_task",
        options=options,
        body=body,
        **given,
    )


LIGHT_OPTIONS = (option("ignore_result", value=True),)
DELETE = call("shop.models.Session.objects.filter.delete")


def light_task(name="shop.tasks.sweep", *calls, options=(), **given):
    """Score -7: short, repeatable, a delete by a condition, its result ignored."""
    return task(name, DELETE, *calls, options=(*LIGHT_OPTIONS, *options), **given)


def site(kind, name="shop.tasks.sweep", enclosing="shop.views.start", **given):
    given.setdefault("location", Location("shop/views.py", 20))
    given.setdefault("source", f"{name}.{kind.value}()")
    return CallSite(kind=kind, task=name, enclosing=enclosing, **given)


def delay(name="shop.tasks.sweep", enclosing="shop.views.start", **given):
    return site(CallKind.DELAY, name, enclosing, **given)


def schedule(spec, kind=ScheduleKind.INTERVAL, name="sweep", task="shop.tasks.sweep"):
    return ScheduleEntry(
        name=name,
        task=task,
        kind=kind,
        location=Location("shop/celery.py", 5),
        end_line=5,
        container=ContainerKind.DICT_LITERAL,
        source="...",
        spec=spec,
    )


def every(seconds, **given):
    return schedule({"kind": "interval", "seconds": seconds}, **given)


def crontab(**fields):
    return schedule({"kind": "crontab", **fields}, ScheduleKind.CRONTAB)


def project(*tasks, **given):
    return Inventory(root=".", tasks=tasks, **given)
