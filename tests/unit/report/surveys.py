"""Surveys written by hand: what a scan would have found, without a scan."""

from __future__ import annotations

import itertools

from migrator.config import Configuration
from migrator.model import (
    BlindSpot,
    CallKind,
    CallSite,
    ContainerKind,
    DefinitionKind,
    FileOutcome,
    FileStatus,
    Finding,
    Inventory,
    Level,
    Location,
    ScheduleEntry,
    ScheduleKind,
    Target,
    TaskDefinition,
    Verdict,
)
from migrator.pipeline import Survey
from migrator.project import open_project

# What a repository may hold to take over a page, a terminal or a CI runner.
HOSTILE = (
    "<script>window.taken=1</script>",
    '"><img src=x onerror=window.taken=1>',
    "</style></script><svg onload=window.taken=1>",
    "' onfocus='window.taken=1' autofocus='",
    "<!-- ]]> &lt;b&gt; &amp;",
    "javascript:window.taken=1",
    "a\x1b[2Jb\x00c\x07",
    "user\u202etxt.exe\u2066\u200b",
    "half a pair \udcff",
    "line\r\n::error file=x::taken\n",
    "%0A::error::taken,:",
    "{{ 7*7 }} ${7*7} `open",
)


def definition(name="app.tasks.clean", *, path="app/tasks.py", line=5, **more):
    given = {
        "name": name,
        "function": name.rpartition(".")[2],
        "qualified_name": name,
        "module": name.rpartition(".")[0],
        "location": Location(path, line),
        "kind": DefinitionKind.SHARED,
        "decorator": Location(path, line - 1),
        "decorator_source": "shared_task",
    }
    return TaskDefinition(**given | more)


def verdict(task, level=Level.LIGHT, *messages, **more):
    findings = tuple(
        Finding("short-body", message, task.location, weight=-2)
        for message in messages or ("4 statements in all",)
    )
    target = Target.APSCHEDULER if level is Level.LIGHT else Target.CELERY
    given = {"task": task.name, "level": level, "score": -2, "findings": findings}
    return Verdict(**given | {"target": target} | more)


def call(task, *, path="app/views.py", line=8, source="", **more):
    given = {
        "kind": CallKind.DELAY,
        "location": Location(path, line),
        "task": task,
        "enclosing": "app.views.index",
        "source": source or f"{task}.delay()",
    }
    return CallSite(**given | more)


def entry(task, name="nightly", spec=None, **more):
    spec = spec or {"kind": "crontab", "minute": 30, "hour": 2}
    given = {
        "name": name,
        "task": task,
        "kind": ScheduleKind.CRONTAB,
        "location": Location("app/celery.py", 12),
        "end_line": 12,
        "container": ContainerKind.DICT_LITERAL,
        "source": "crontab(minute=30, hour=2)",
        "spec": spec,
    }
    return ScheduleEntry(**given | more)


def spot(text="send(name)", *, path="app/views.py", line=20, **more):
    given = {
        "kind": "dynamic-send-task",
        "location": Location(path, line),
        "text": text,
        "reason": "the name is computed",
    }
    return BlindSpot(**given | more)


def survey(root, *judged, **content):
    """A survey of `(TaskDefinition, Verdict)` pairs over a real folder."""
    if not any(root.iterdir()):
        (root / "app.py").write_text("")
    tasks, verdicts = zip(*judged, strict=True) if judged else ((), ())
    return Survey(
        open_project(root),
        Configuration(),
        Inventory(root=str(root), tasks=tasks, **content),
        verdicts,
        (),
    )


def judged(name="app.tasks.clean", level=Level.LIGHT, *messages, **more):
    task = definition(name, **more)
    return task, verdict(task, level, *messages)


def large_survey(root, count):
    """`count` tasks in forty modules, each with callers, reasons and a schedule."""
    levels = itertools.cycle(Level)
    pairs, sites, entries = [], [], []
    source = ["from celery import shared_task", ""]
    for number in range(count):
        module = f"shop.part{number % 40:02}.tasks"
        name = f"{module}.work_{number:04}"
        source += ["@shared_task", f"def work_{number:04}(pk):", "    return pk", ""]
        task = definition(name, path="tasks.py", line=len(source) - 2)
        reasons = (f"{number} statements in all", "`requests.get` without a timeout")
        pairs.append((task, verdict(task, next(levels), *reasons)))
        path = f"shop/part{number % 40:02}/views.py"
        sites += [call(name, path=path, line=number + 1)] * (number % 5)
        if number % 10 == 0:
            spec = {"kind": "crontab", "minute": number % 60, "hour": number % 24}
            entries.append(entry(name, f"entry-{number}", spec))
    (root / "tasks.py").write_text("\n".join(source))
    return survey(root, *pairs, call_sites=tuple(sites), schedules=tuple(entries))


def hostile_survey(root):
    """Every text of every record is one that wants to break out."""
    body = "\n".join(f"    # {text!s}" for text in HOSTILE[:6])
    path = "app/<img src=x onerror=taken=1>.py"
    (root / "app").mkdir()
    (root / path).write_text(f"@shared_task\ndef evil():\n{body}\n")
    pairs, sites, entries, spots = [], [], [], []
    for number, text in enumerate(HOSTILE):
        task = definition(f"app.{text}", path=path, line=2)
        pairs.append(
            (task, verdict(task, Level.REVIEW, text, f"`{text}`", overridden_by=text))
        )
        sites.append(call(task.name, path=f"{text}.py", source=text))
        entries.append(entry(task.name, text, source=text, timezone=text))
        spots.append(spot(text, path=text, kind=text, reason=text, line=number + 1))
    return survey(
        root,
        *pairs,
        call_sites=tuple(sites),
        schedules=tuple(entries),
        blind_spots=tuple(spots),
        files=(FileOutcome(HOSTILE[0], FileStatus.FAILED, HOSTILE[1]),),
    )
