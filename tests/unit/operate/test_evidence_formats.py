"""Each format gives the figures of its runs, and nothing of their arguments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

import pytest

from migrator.errors import UsageError
from migrator.operate.evidence import (
    MetricNames,
    evidence_document,
    import_evidence,
    load_evidence,
)

if TYPE_CHECKING:
    from migrator.model import Evidence

CANARY = "canary-7f3a"
ID = "0b1c6d1e-0000-4000-8000-{:012d}"


def event(kind, number, at, **more):
    line = {"type": f"task-{kind}", "uuid": ID.format(number), "timestamp": at, **more}
    return json.dumps(line)


def received(number, at, name="app.add"):
    args = f"('{CANARY}',)"
    return event("received", number, at, name=name, args=args, kwargs=CANARY)


def only(found: tuple[Evidence, ...]) -> Evidence:
    assert len(found) == 1
    return found[0]


def imported(tmp_path, *texts, **options):
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"source{number}"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return import_evidence(paths, **options).evidence


def test_events_are_joined_on_the_uuid(tmp_path):
    lines = []
    for number in range(20):
        lines.append(received(number, 100.0 + number))
        lines.append(event("started", number, 100.5 + number))
        lines.append(
            event("succeeded", number, 101.0 + number, runtime=0.1 * (number + 1))
        )
    found = only(imported(tmp_path, "\n".join(lines)))
    assert found.task == "app.add"
    assert found.runs == 20
    assert found.p50 == pytest.approx(1.0)
    assert found.p95 == pytest.approx(1.9)
    assert found.max == pytest.approx(2.0)
    assert found.window == pytest.approx(20.0)


def test_a_failure_takes_its_time_from_its_start(tmp_path):
    lines = [received(1, 10.0), event("started", 1, 11.0)]
    lines.append(event("failed", 1, 14.5, exception=CANARY, traceback=CANARY))
    found = only(imported(tmp_path, "\n".join(lines)))
    assert (found.runs, found.failures, found.p95) == (1, 1, 3.5)


def test_retries_are_counted_and_are_no_runs(tmp_path):
    lines = [
        received(1, 1.0),
        event("retried", 1, 2.0, exception=CANARY),
        event("retried", 1, 3.0, exception=CANARY),
        event("succeeded", 1, 4.0, runtime=0.2, result=CANARY),
    ]
    found = only(imported(tmp_path, "\n".join(lines)))
    assert (found.runs, found.retries, found.failures) == (1, 2, 0)


def test_runs_at_the_same_time_are_counted(tmp_path):
    lines = []
    for number, (end, runtime) in enumerate([(10.0, 5.0), (11.0, 4.0), (20.0, 1.0)]):
        lines.append(received(number, 1.0))
        lines.append(event("succeeded", number, end, runtime=runtime))
    assert only(imported(tmp_path, "\n".join(lines))).max_parallel == 2


def test_an_end_without_its_beginning_has_no_name_and_is_left_out(tmp_path):
    lines = [event("succeeded", 9, 5.0, runtime=99.0), received(1, 6.0)]
    lines.append(event("succeeded", 1, 7.0, runtime=0.5))
    found = only(imported(tmp_path, "\n".join(lines)))
    assert (found.runs, found.max) == (1, 0.5)


def test_the_text_of_celery_events_dump_is_read(tmp_path):
    head = f"app.add({ID.format(1)}) args=('{CANARY}, runtime=77.0,',) kwargs={{}}"
    tail = f"clock=7, result='{CANARY}', runtime=1.25, utcoffset=0"
    lines = [
        f"w@h [2026-01-31 08:00:00.000001] task received: {head} eta=None, retries=0",
        f"w@h [2026-01-31 08:00:02.000001+00:00] task succeeded: {head} {tail}",
    ]
    found = only(imported(tmp_path, "\n".join(lines)))
    assert (found.task, found.runs, found.p95) == ("app.add", 1, 1.25)


def test_the_worker_log_is_read_up_to_the_run_time(tmp_path):
    log = f"""\
[2026-03-01 10:00:00,000: INFO/MainProcess] Task app.add[{ID.format(1)}] received
[2026-03-01 10:00:01,000: INFO/ForkPoolWorker-1] Task app.add[{ID.format(1)}] \
succeeded in 0.75s: 'Task app.other[x] succeeded in 900s: {CANARY}'
[2026-03-01 10:00:02,000: INFO/MainProcess] Task app.add[{ID.format(2)}] received
[2026-03-01 10:00:05,500: ERROR/ForkPoolWorker-1] Task app.add[{ID.format(2)}] \
raised unexpected: ValueError('{CANARY}')
Traceback (most recent call last):
ValueError: {CANARY}
[2026-03-01 10:00:06,000: INFO/MainProcess] Task app.add[{ID.format(3)}] retry: \
Retry in 180s: {CANARY}
"""
    found = only(imported(tmp_path, log))
    assert (found.runs, found.failures, found.retries) == (2, 1, 1)
    assert (found.p50, found.max, found.window) == (0.75, 3.5, 6.0)


def test_a_log_with_zones_and_iso_times_gives_the_same_window(tmp_path):
    line = "{} app INFO Task app.add[{}] succeeded in 1e-05s: None"
    log = "\n".join(
        [
            line.format("2026-03-01T10:00:00Z", ID.format(1)),
            line.format("2026-03-01T12:00:10+02:00", ID.format(2)),
        ]
    )
    found = only(imported(tmp_path, log))
    assert (found.window, found.max) == (10.0, 1e-05)


def test_the_same_run_in_events_and_log_counts_once(tmp_path):
    at = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
    events = "\n".join([received(1, at), event("succeeded", 1, at + 1, runtime=1.0)])
    log = f"2026-03-01 10:00:01 Task app.add[{ID.format(1)}] succeeded in 1.0s: None"
    found = only(imported(tmp_path, events, log))
    assert found.runs == 1
    assert found.sources == ("source0", "source1")


SCRAPE = """\
# HELP flower_task_runtime_seconds Task runtime
# TYPE flower_task_runtime_seconds histogram
flower_task_runtime_seconds_bucket{le="0.5",task="app.add",worker="a"} 30
flower_task_runtime_seconds_bucket{le="1.0",task="app.add",worker="a"} 39
flower_task_runtime_seconds_bucket{le="+Inf",task="app.add",worker="a"} 40
flower_task_runtime_seconds_bucket{le="0.5",task="app.add",worker="b"} 40
flower_task_runtime_seconds_bucket{le="1.0",task="app.add",worker="b"} 59
flower_task_runtime_seconds_bucket{le="+Inf",task="app.add",worker="b"} 60
flower_task_runtime_seconds_count{task="app.add",worker="a"} 40
flower_events_total{task="app.add",type="task-failed",worker="a"} 3
flower_events_total{task="app.add",type="task-retried",worker="a"} 5
process_cpu_seconds_total 12
"""


def test_a_scrape_gives_upper_edges_over_all_workers(tmp_path):
    found = only(imported(tmp_path, SCRAPE, window=3600.0))
    assert (found.runs, found.failures, found.retries) == (100, 3, 5)
    assert (found.p50, found.p95, found.max) == (0.5, 1.0, inf)
    assert found.window == 3600.0


def test_a_scrape_of_another_exporter_is_read_by_its_names(tmp_path):
    text = SCRAPE.replace("flower_task_runtime_seconds", "jobs_seconds")
    text = text.replace("task=", "job=")
    names = MetricNames(runtime=frozenset({"jobs_seconds"}), task_labels=("job",))
    assert only(imported(tmp_path, text, metrics=names)).runs == 100
    with pytest.raises(UsageError, match="no measurement"):
        imported(tmp_path, text)


def matrix(le, values, task="app.add"):
    metric = {"__name__": "flower_task_runtime_seconds_bucket", "le": le, "task": task}
    return {"metric": metric, "values": values}


def test_a_range_query_gives_the_increase_over_its_window(tmp_path):
    answer = {
        "status": "success",
        "data": {
            "resultType": "matrix",
            "result": [
                matrix("1.0", [[1000, "100"], [2000, "130"], [3000, "10"]]),
                matrix("+Inf", [[1000, "100"], [2000, "131"], [3000, "11"]]),
            ],
        },
    }
    found = only(imported(tmp_path, json.dumps(answer, indent=2)))
    # 30 until the exporter restarted, and 10 after it.
    assert (found.runs, found.p95, found.window) == (42, 1.0, 2000.0)


def test_an_instant_query_on_one_line_is_read(tmp_path):
    item = matrix("1.0", [])
    item = {"metric": item["metric"], "value": [1000, "55"]}
    answer = {"status": "success", "data": {"resultType": "vector", "result": [item]}}
    assert only(imported(tmp_path, json.dumps(answer))).runs == 55


def test_a_table_is_read_in_any_order_of_columns(tmp_path):
    text = "name,p95,count,max,failures,retries,window\napp.add,0.5,120,2.5,1,2,86400\n"
    found = only(imported(tmp_path, text))
    assert (found.runs, found.p50, found.p95, found.max) == (120, None, 0.5, 2.5)
    assert (found.failures, found.retries, found.window) == (1, 2, 86400.0)


@pytest.mark.parametrize("figure", ["fast", "-1", "nan", "inf", "1.5.2"])
def test_a_table_with_a_bad_figure_names_the_line(tmp_path, figure):
    text = f"name,count,p95\napp.ok,1,0.5\napp.add,1,{figure}\n"
    with pytest.raises(UsageError, match=r"source0:3"):
        imported(tmp_path, text)


def test_overlapping_summaries_give_the_worst_and_are_not_added_up(tmp_path):
    one = "name,count,p95,window\napp.add,100,0.5,60\n"
    two = "name,count,p95,window\napp.add,80,0.9,3600\n"
    found = only(imported(tmp_path, one, two))
    assert (found.runs, found.p95, found.window) == (100, 0.9, 3600.0)


@pytest.mark.parametrize("text", ["", "nothing of interest\n", "{}\n", "[1, 2]\n"])
def test_a_file_without_a_measurement_is_refused_by_name(tmp_path, text):
    with pytest.raises(UsageError, match="source0"):
        imported(tmp_path, text)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.log"):
        import_evidence([tmp_path / "gone.log"])


def test_what_is_stored_comes_back_infinity_included(tmp_path):
    evidence = imported(tmp_path, SCRAPE)
    path = tmp_path / "state" / "evidence.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(evidence_document(evidence))
    assert load_evidence(path) == evidence
    json.loads(path.read_text(), parse_constant=pytest.fail)
    assert import_evidence([path]).evidence == evidence


def test_no_stored_evidence_is_no_evidence(tmp_path):
    assert load_evidence(tmp_path / "none.json") == ()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        '{"version": 99, "evidence": []}',
        '{"version": 1, "evidence": [{"task": "a", "runs": 1, "args": "x"}]}',
        '{"version": 1, "evidence": [{"runs": 1}]}',
        '{"version": 1, "evidence": [{"task": "a", "runs": "many"}]}',
    ],
)
def test_broken_stored_evidence_is_refused(tmp_path, text):
    path = tmp_path / "evidence.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="stored evidence"):
        load_evidence(path)


def test_no_argument_or_result_is_stored(tmp_path):
    """The canary stands in args, kwargs, result, exception and traceback."""
    log = f"2026-03-01 10:00:01 Task app.log[{ID.format(8)}] succeeded in 1s: {CANARY}"
    lines = [
        received(1, 1.0),
        event("succeeded", 1, 2.0, runtime=1.0, result=CANARY),
        received(2, 1.0),
        event("failed", 2, 2.0, exception=CANARY, traceback=CANARY),
        received(3, 1.0),
        event("retried", 3, 2.0, exception=CANARY),
    ]
    dumped = (
        f"w@h [2026-01-31 08:00:00] task received: app.dump({ID.format(4)}) "
        f"args=('{CANARY}',) kwargs={{}} \n"
        f"w@h [2026-01-31 08:00:01] task succeeded: app.dump({ID.format(4)}) "
        f"args=('{CANARY}',) kwargs={{}} result='{CANARY}', runtime=1.0\n"
    )
    found = imported(tmp_path, "\n".join(lines), log, dumped)
    path = tmp_path / "evidence.json"
    path.write_bytes(evidence_document(found))
    assert {e.task for e in found} == {"app.add", "app.log", "app.dump"}
    assert CANARY not in path.read_text()
    assert ID.format(1) not in path.read_text()
    assert CANARY not in repr(found)
