"""What a scheduler process does with its jobs: priorities, arguments, and its log."""

from __future__ import annotations

import json

from tests.acceptance.scheduler_project import (
    definition,
    ended,
    entry,
    every,
    literal,
    planned,
    project,
)
from tests.servers import wait_until

SECRET = "argument-of-a-customer"
MORE_TASKS = """

@app.task(name="shop.hold")
def hold(label):
    note("start", label, current_run().slot.timestamp())
    while not os.path.exists("release"):
        time.sleep(0.02)


@app.task(name="shop.probe_provider")
def probe_provider(provider_id: int, *, key: str, fails: bool = False) -> None:
    note("probe", provider_id, len(key), fails)
    if fails:
        raise RuntimeError("as expected")
"""
SECONDS = {"kind": "interval", "seconds": 1}


def held(label):
    return entry(label, SECONDS, "shop.hold", args=literal("args", (label,)))


def probe(name, provider, **options):
    """A schedule of one task with arguments, as beat's `args` and `kwargs` say them."""
    kwargs = literal("kwargs", {"key": SECRET, **options})
    args = literal("args", (provider,))
    return entry(name, SECONDS, "shop.probe_provider", args=args, kwargs=kwargs)


def more_tasks(running):
    file = running.folder / "shop/tasks.py"
    file.write_text(file.read_text() + MORE_TASKS)


def test_busy_jobs_of_low_priority_hold_up_none_of_high_priority(tmp_path):
    tasks = [
        planned(definition("shop.tick", "tick"), priority="high"),
        planned(definition("shop.hold", "hold"), priority="low"),
    ]
    entries = [every(1, "high"), held("low-1"), held("low-2")]
    with project(tmp_path, entries, tasks, THREADS_LOW="1") as running:
        more_tasks(running)
        scheduler = running.scheduler()
        low = {"low-1", "low-2"}

        def started():
            return {line[3] for line in running.notes("start")} & low

        wait_until(lambda: len(started()) == 1, 60)
        before = len(running.slots("high"))
        wait_until(lambda: len(running.slots("high")) >= before + 3, 60)
        assert len(started()) == 1  # the other one waits for the only thread
        (running.folder / "release").touch()
        wait_until(lambda: started() == low, 60)
        assert ended(scheduler, 60) == 0


def test_a_task_with_arguments_runs_and_the_log_has_its_facts_and_no_argument(tmp_path):
    tasks = [planned(definition("shop.probe_provider", "probe_provider"))]
    entries = [probe("probe-seven", 7), probe("probe-eight", 8, fails=True)]
    with project(tmp_path, entries, tasks, LOG_LEVEL="DEBUG") as running:
        more_tasks(running)
        scheduler = running.scheduler()
        length = str(len(SECRET))
        expected = (["7", length, "False"], ["8", length, "True"])

        def seen():
            found = [line[3:] for line in running.notes("probe")]
            return all(facts in found for facts in expected)

        wait_until(seen, 60)
        assert ended(scheduler, 60) == 0
        log = running.log(0)
    lines = [json.loads(line) for line in log.splitlines()]
    ends = {line["job"]: line for line in lines if "duration" in line}
    assert set(ends) == {"probe-seven", "probe-eight"}
    assert ends["probe-seven"]["outcome"] == "success"
    assert ends["probe-eight"]["outcome"] == "failure"
    assert "RuntimeError: as expected" in ends["probe-eight"]["exception"]
    for line in ends.values():
        assert {"time", "level", "logger", "message", "slot"} <= set(line)
        assert 0 <= line["duration"] < 60
    assert SECRET not in log
