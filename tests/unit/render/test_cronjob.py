"""CronJob files: one source for manifests and chart, safe names, clear refusals."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
import yaml

from migrator.model import Accept, Target
from migrator.project import open_project
from migrator.render import refusals, render
from migrator.render.cronjob_manifest import cronjob_name, deadlines
from migrator.scan import scan_project
from migrator.verify.manifest_lint import lint
from tests.acceptance.cronjob_project import records, write_package, write_source

BASE = "light_tasks/k8s/base"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    write_source(folder)
    return records(folder)


def files(plan, inventory):
    changes = render(plan, inventory, existing=lambda _path: None)
    return {change.path: change.after.decode() for change in changes}


def manifests(text_by_path):
    return {
        path: yaml.safe_load(text)
        for path, text in text_by_path.items()
        if path.startswith(BASE) and path.endswith("-cronjob.yaml")
    }


def test_every_manifest_passes_the_lint_and_is_listed(made):
    found = files(*made)
    jobs = manifests(found)
    assert len(jobs) == 7
    for path, manifest in jobs.items():
        assert lint(manifest) == [], path
        assert manifest["spec"]["suspend"] is True
    listed = yaml.safe_load(found[f"{BASE}/kustomization.yaml"])["resources"]
    assert listed == sorted(path.rpartition("/")[2] for path in jobs)


def test_the_chart_says_the_same_as_the_manifests(made):
    found = files(*made)
    chart = yaml.safe_load(found["light_tasks/k8s/chart/values.yaml"])["cronJobs"]
    jobs = {m["metadata"]["name"]: m["spec"] for m in manifests(found).values()}
    assert chart.keys() == jobs.keys()
    for name, spec in jobs.items():
        assert chart[name]["schedule"] == spec["schedule"]
        assert chart[name]["timeZone"] == spec["timeZone"]


def test_a_union_is_a_job_for_each_cron_string(made):
    jobs = manifests(files(*made))
    entries = [m["metadata"]["annotations"]["light-tasks/entry"] for m in jobs.values()]
    assert entries.count("probe-union") == 2
    first, second = (
        jobs[f"{BASE}/probe-union-{number}-cronjob.yaml"] for number in (1, 2)
    )
    assert first["spec"]["schedule"] != second["spec"]["schedule"]


def test_arguments_stand_in_the_manifest_by_name(made):
    job = manifests(files(*made))[f"{BASE}/probe-seven-cronjob.yaml"]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == [
        "--entry=probe-seven",
        "--provider-id=7",
        '--options={"deep": true}',
        "--note-text=--x y: z",
    ]


def test_retries_become_the_backoff_limit(made):
    jobs = manifests(files(*made))
    limits = {
        path.rpartition("/")[2]: m["spec"]["jobTemplate"]["spec"]["backoffLimit"]
        for path, m in jobs.items()
    }
    assert limits.pop("fails-cronjob.yaml") == 2
    assert set(limits.values()) == {0}


def test_an_entry_that_was_disabled_stays_suspended_after_the_cut_over(made):
    plan, inventory = made
    schedules = tuple(
        replace(s, entry=replace(s.entry, enabled=s.entry.name != "probe-seven"))
        for s in plan.schedules
    )
    found = files(replace(plan, schedules=schedules), inventory)
    live = yaml.safe_load(found["light_tasks/k8s/live/kustomization.yaml"])
    names = {patch["target"]["name"] for patch in live["patches"]}
    assert "probe-seven" not in names
    assert "fails" in names
    values = yaml.safe_load(found["light_tasks/k8s/chart/values.yaml"])
    assert values["cronJobs"]["probe-seven"]["suspend"] is True


def test_every_python_file_says_what_it_is_and_imports_neither_tool_nor_shim(made):
    for path, text in files(*made).items():
        if not path.endswith(".py"):
            continue
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                names.append(getattr(node, "module", None) or "")
                roots = {name.partition(".")[0] for name in names}
                assert not roots & {"migrator", "shim"}, path


def test_a_second_run_changes_nothing(made, tmp_path):
    plan, inventory = made
    write_package(tmp_path, plan, inventory)

    def existing(path):
        file = tmp_path / path
        return file.read_bytes() if file.exists() else None

    assert render(plan, inventory, existing=existing) == ()


HOSTILE = ["a: b\n- c", "{{ .Values.image }}", "$(rm -rf /)", '"', "'", "#x", "é" * 80]


def test_a_scan_does_not_take_what_was_generated_for_processes_of_the_project(
    made, tmp_path
):
    write_source(tmp_path)
    write_package(tmp_path, *made)
    inventory = scan_project(open_project(tmp_path))
    assert inventory.processes == ()
    assert [task.name for task in inventory.tasks] == [
        task.definition.name for task in made[0].tasks
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(made, name):
    plan, inventory = made
    chosen = replace(
        plan.schedules[0], entry=replace(plan.schedules[0].entry, name=name)
    )
    found = files(replace(plan, schedules=(chosen,)), inventory)
    (manifest,) = manifests(found).values()
    assert lint(manifest) == []
    assert manifest["metadata"]["annotations"]["light-tasks/entry"] == name
    pod = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"][0] == f"--entry={name}"
    values = yaml.safe_load(found["light_tasks/k8s/chart/values.yaml"])
    (job,) = values["cronJobs"].values()
    assert job["entry"] == name


def test_names_are_short_unique_and_what_dns_allows():
    taken: set[str] = set()
    names = [
        cronjob_name(text, taken, suffix)
        for text in ("Clean Up", "clean up", "clean_up", "x" * 90, "x" * 91, "---", "ß")
        for suffix in ("", "-1", "-12")
    ]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 52 for name in names)
    assert names[0] == "clean-up"


@pytest.mark.parametrize(
    ("period", "timeout", "expires", "expected"),
    [
        (600, 30, None, (599, 90)),
        (60, 30, None, (59, 59)),
        (86400, 30, 7200, (7200, 90)),
        (300, 30, 5, (11, 90)),
        (60, 90, None, (59, 90)),
    ],
)
def test_deadlines_stay_within_the_period(period, timeout, expires, expected):
    assert deadlines(period, timeout, expires) == expected


def reasons(folder, source):
    head = (
        "from celery import Celery\nfrom celery.schedules import crontab\n"
        "app = Celery('shop')\n"
    )
    write_source(folder, head + source)
    plan, inventory = records(folder)
    # `records` has taken the refused ones out already; here they are to be seen.
    tasks = tuple(replace(task, accept=Accept.YES) for task in plan.tasks)
    schedules = tuple(replace(s, target=Target.CRONJOB) for s in plan.schedules)
    plan = replace(plan, tasks=tasks, schedules=schedules)
    found = refusals(plan, inventory, existing=lambda _path: None)
    return [refusal.reason for refusal in found]


def beat(arguments):
    return (
        "app.conf.beat_schedule = {'e': {'task': 'shop.tasks.work', "
        f"'schedule': crontab(minute=0), {arguments}}}}}\n"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("@app.task\ndef work(): pass\n", "no schedule starts it"),
        ("@app.task\ndef work(*ids): pass\n" + beat(""), "cannot be given by name"),
        ("@app.task\ndef work(a, /): pass\n" + beat(""), "cannot be given by name"),
        ("@app.task\ndef work(slot): pass\n" + beat(""), "an option of workers"),
    ],
)
def test_a_task_that_no_command_line_can_start_is_refused(tmp_path, source, reason):
    assert any(reason in found for found in reasons(tmp_path, source))


@pytest.mark.parametrize(
    "arguments", ["'args': (1, 2)", "'kwargs': {'b': 1}", "'args': ('x',)"]
)
def test_arguments_that_do_not_fit_keep_the_entry_on_beat(tmp_path, arguments):
    write_source(
        tmp_path,
        "from celery import Celery\nfrom celery.schedules import crontab\n"
        "app = Celery('shop')\n@app.task\ndef work(a: int = 0): pass\n"
        + beat(arguments),
    )
    plan, _ = records(tmp_path)
    (schedule,) = plan.schedules
    assert schedule.target is Target.CELERY
