"""Small projects, each with one situation, and the inventory that is expected of it.

`fixtures/scan/<situation>/expected.json` has one line for each record, so that a
difference reads as a sentence. A key that it leaves out is expected to be empty.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.model import FileStatus
from migrator.project import open_project
from migrator.scan import scan_project

FOLDER = Path(__file__).parents[3] / "fixtures" / "scan"
SITUATIONS = sorted(path.parent for path in FOLDER.glob("*/expected.json"))


def line(*words):
    return " ".join(str(word) for word in words if word not in {"", None})


def task_line(task):
    marks = [
        "" if task.name_is_certain else "name?",
        "bound" if task.is_bound else "",
        f"wrapper={task.wrapper}" if task.wrapper else "",
        f"base={task.base}" if task.base else "",
        f"below={','.join(task.decorators_below)}" if task.decorators_below else "",
        f"above={','.join(task.decorators_above)}" if task.decorators_above else "",
        "spread" if task.has_spread else "",
        f"marker={task.marker.decision}: {task.marker.reason}" if task.marker else "",
    ]
    options = " ".join(f"{o.name}={o.source}" for o in task.options)
    return line(task.name, task.location, task.kind, f"[{options}]", *marks)


def call_line(site):
    return line(
        site.kind,
        site.task or "?",
        site.location,
        site.detail,
        f"({site.result_used})",
        f"in a handler of {site.handler}" if site.handler else "",
    )


def schedule_line(entry):
    spec = json.dumps(entry.spec) if entry.spec else f"!{entry.unreadable}"
    options = " ".join(f"{o.name}={o.source}" for o in entry.options)
    return line(
        f"{entry.name} -> {entry.task}",
        entry.location,
        entry.container,
        spec,
        f"if {entry.guard}" if entry.guard else "",
        f"args={entry.args.source}" if entry.args else "",
        f"kwargs={entry.kwargs.source}" if entry.kwargs else "",
        f"options[{options}]" if options else "",
        "" if entry.enabled else "off",
    )


def compact(inventory):
    """The inventory with one line for each record, empty parts left out."""
    unhappy = [
        line(f.path, f.status, f.reason)
        for f in inventory.files
        if f.status in {FileStatus.FAILED, FileStatus.SKIPPED}
    ]
    parts = {
        "tasks": [task_line(task) for task in inventory.tasks],
        "wrappers": [f"{w.qualified_name} {w.reason}" for w in inventory.wrappers],
        "calls": [call_line(site) for site in inventory.call_sites],
        "schedules": [schedule_line(entry) for entry in inventory.schedules],
        "apps": [line(a.variable, a.location, a.task_class) for a in inventory.apps],
        "web_apps": [line(w.framework, w.variable) for w in inventory.web_apps],
        "settings": [line(s.name, s.location, s.source) for s in inventory.settings],
        "processes": [
            line(p.kind, p.location, p.command, p.queues, p.concurrency)
            for p in inventory.processes
        ],
        "signals": [line(s.signal, s.handler) for s in inventory.signals],
        "functions": [f.qualified_name for f in inventory.functions],
        "blind_spots": [
            line(b.kind, b.location, "|", b.reason) for b in inventory.blind_spots
        ],
        "files": unhappy,
    }
    return {name: lines for name, lines in parts.items() if lines}


@pytest.mark.parametrize("folder", SITUATIONS, ids=lambda path: path.name)
def test_the_situation_gives_the_expected_inventory(folder, request):
    """Every task, call, schedule and blind spot of the project, and no other."""
    found = compact(scan_project(open_project(folder / "project")))
    expected = folder / "expected.json"
    if request.config.getoption("--update-golden"):
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_hard_case_has_its_situation():
    """The table names a folder with an expectation for each of them."""
    rows = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()[7:]
    named = [one.strip() for row in rows for one in row.split(" | ")[-1].split(",")]
    names = {name.rstrip(" |") for name in named}
    assert len(rows) == 44
    assert names <= {path.name for path in SITUATIONS}
