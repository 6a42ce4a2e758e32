"""Alert rules fire when they should; rules and dashboard name what is exported."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from migrator.render import render
from tests.acceptance import cronjob_project
from tests.acceptance.scheduler_project import every, records, write_package
from tests.kubernetes_tools import program
from tests.servers import ServerMissingError

FOLDER = "light_tasks/monitoring"
# Words of PromQL that are no names of metrics or labels.
NAME = re.compile(r"\b(?:light|kube)_\w+")
LABELS = re.compile(r"(?:by|on) \(([^)]*)\)|\{([^}]*)\}")
ADDED_BY_PROMETHEUS = {"instance", "namespace", "cronjob", "le"}

EXPORTED = """
import json
from prometheus_client import REGISTRY
from light_tasks import metrics

found = {}
for collector in list(REGISTRY._collector_to_names):
    for name in REGISTRY._collector_to_names[collector]:
        if name.startswith("light_"):
            found[name] = sorted(collector._labelnames)
print(json.dumps(found))
"""


CRONJOB = """
from celery import Celery
from celery.schedules import crontab

app = Celery("shop")


@app.task(name="shop.probe")
def probe(provider_id: int) -> None:
    pass


app.conf.beat_schedule = {
    "probe-seven": {
        "task": "shop.probe", "schedule": crontab(minute="*/10"), "args": (7,)
    }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("monitored")
    write_package(made, *records([every(5, "a")]))
    return made


@pytest.fixture(scope="module")
def exported(folder):
    """Labels by the name of each time series that the generated code exports."""
    done = subprocess.run(
        [sys.executable, "-c", EXPORTED],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def cronjob_rules(tmp_path_factory):
    made = tmp_path_factory.mktemp("shop")
    cronjob_project.write_source(made, CRONJOB)
    plan, inventory = cronjob_project.records(made)
    changes = render(plan, inventory, existing=lambda _path: None)
    (text,) = [c.after for c in changes if c.path == f"{FOLDER}/cronjob-alerts.yaml"]
    return text.decode()


def expressions(text):
    return [
        rule["expr"]
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
    ]


def dashboard(folder):
    return json.loads((folder / FOLDER / "dashboard.json").read_text())


def queries(folder):
    return [
        t["expr"] for panel in dashboard(folder)["panels"] for t in panel["targets"]
    ]


def named_labels(expression):
    for words, matchers in LABELS.findall(expression):
        yield from re.findall(r"\w+", words)
        yield from re.findall(r"(\w+)(?:=|!)", matchers)


def test_rules_and_dashboard_use_what_is_exported(folder, exported):
    rules = expressions((folder / FOLDER / "alerts.yaml").read_text())
    assert len(exported) > 15
    for expression in [*rules, *queries(folder)]:
        names = NAME.findall(expression)
        assert names, expression
        assert set(names) <= exported.keys(), expression
        known = {label for name in names for label in exported[name]}
        assert set(named_labels(expression)) <= known | ADDED_BY_PROMETHEUS, expression


def test_no_label_is_one_that_prometheus_sets_itself(exported):
    """It would come out as exported_job, and no rule would find it."""
    labels = {label for names in exported.values() for label in names}
    assert labels == {"entry", "outcome", "reason"}


def test_the_dashboard_is_one_that_grafana_opens(folder):
    board = dashboard(folder)
    assert {"title", "uid", "schemaVersion", "panels", "templating"} <= board.keys()
    variables = {one["name"] for one in board["templating"]["list"]}
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)), "two panels lie on each other"
    assert max(x for x, _ in cells) < 24  # the width of its grid
    for panel in panels:
        assert panel["type"] in {"stat", "timeseries"}
        used = re.findall(r"\$\{?([a-z]\w*)", json.dumps(panel))
        assert set(used) <= variables, panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))


# Field names and enumerations of Grafana's published schema, version 39 on: what the
# dashboard uses has to be among them, and a misspelt field would be dropped in silence.
BOARD = (
    "title uid description schemaVersion version editable timezone refresh time tags "
    "annotations templating panels links graphTooltip weekStart"
)
VARIABLE = (
    "name type label query datasource definition refresh sort includeAll multi "
    "allValue current regex hide description options"
)
PANEL = (
    "id title description type datasource gridPos fieldConfig targets options "
    "transparent interval links maxDataPoints"
)
QUERY = "refId expr legendFormat instant range format interval exemplar hide datasource"
FIELDS = "unit min max decimals displayName thresholds color noValue mappings custom"
UNITS = {"s", "short", "percentunit"}


def test_every_field_of_the_dashboard_is_one_of_the_schema(folder):
    board = dashboard(folder)
    assert set(board) <= set(BOARD.split())
    assert {"annotations", "templating", "schemaVersion"} <= set(board)  # required
    assert set(board["time"]) == {"from", "to"}
    for variable in board["templating"]["list"]:
        assert set(variable) <= set(VARIABLE.split())
        assert variable["type"] in {"datasource", "query"}
        assert variable.get("refresh", 0) in range(3)
        assert variable.get("sort", 0) in range(9)
    for panel in board["panels"]:
        assert set(panel) <= set(PANEL.split())
        assert set(panel["gridPos"]) == {"h", "w", "x", "y"}
        assert set(panel["datasource"]) == {"type", "uid"}
        assert set(panel["fieldConfig"]) == {"defaults", "overrides"}
        assert set(panel["fieldConfig"]["defaults"]) <= set(FIELDS.split())
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        for target in panel["targets"]:
            assert {"refId", "expr"} <= set(target) <= set(QUERY.split())


def promtool(folder, *words):
    try:
        tool = program("promtool")
    except ServerMissingError as error:
        pytest.skip(f"{error} (Debian: apt-get install prometheus)")
    done = subprocess.run(
        [tool, *words], cwd=folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_query_of_the_dashboard_is_promql(folder, tmp_path):
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries(folder))
    ]
    text = yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]})
    (tmp_path / "queries.yaml").write_text(text)
    promtool(tmp_path, "check", "rules", "queries.yaml")


JOB = 'entry="tick"'
SILENT = {"light_job_timeout_seconds{entry='tick'}": "30+0x200"}
# What Prometheus sees, by the one alert that has to come of it after 20 minutes.
SERIES = {
    "LightTasksAbsent": {},
    "LightJobLate": {
        f"light_job_next_run_seconds{{{JOB}}}": "600+0x200",
        f"light_job_grace_seconds{{{JOB}}}": "60+0x200",
    },
    "LightJobMissed": {
        f'light_job_missed_total{{{JOB},reason="store-down"}}': "0x10 1+0x200"
    },
    "LightJobFailing": {
        f"light_job_last_failure_seconds{{{JOB}}}": "600+0x200",
        f"light_job_last_success_seconds{{{JOB}}}": "500+0x200",
    },
    "LightJobTooSlow": {
        f"light_job_duration_seconds_sum{{{JOB}}}": "0+29x200",
        f"light_job_duration_seconds_count{{{JOB}}}": "0+1x200",
    },
    "LightJobOverlapping": {
        f'light_job_running{{{JOB},instance="a"}}': "1+0x200",
        f'light_job_running{{{JOB},instance="b"}}': "1+0x200",
        f"light_job_grace_seconds{{{JOB}}}": "60+0x200",
    },
    "LightBreakerOpen": {
        f'light_background_refused_total{{{JOB},reason="breaker-open"}}': "0+1x200"
    },
    "LightQueueFilling": {
        'light_background_queued{instance="a"}': "90+0x200",
        'light_background_capacity{instance="a"}': "100+0x200",
    },
}
WELL = {
    f"light_job_next_run_seconds{{{JOB}}}": "60+60x200",
    f"light_job_grace_seconds{{{JOB}}}": "60+0x200",
    f"light_job_last_success_seconds{{{JOB}}}": "0+60x200",
    f"light_job_last_failure_seconds{{{JOB}}}": "1+0x200",
    f"light_job_duration_seconds_sum{{{JOB}}}": "0+1x200",
    f"light_job_duration_seconds_count{{{JOB}}}": "0+1x200",
    f"light_job_running{{{JOB}}}": "0+0x200",
    f'light_job_missed_total{{{JOB},reason="overlap"}}': "5+0x200",
    'light_background_queued{instance="a"}': "1+0x200",
    'light_background_capacity{instance="a"}': "100+0x200",
}


def rule_test(series, moment, firing):
    """A test for promtool: of all alerts exactly `firing` fire at that moment."""
    every = [*SERIES, "LightJobTooFast"]
    return {
        "interval": "1m",
        "input_series": [{"series": s, "values": v} for s, v in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
                "eval_time": moment,
                "exp_samples": [{"labels": "{}", "value": 1}] if name == firing else [],
            }
            for name in every
        ],
    }


def test_each_alert_fires_for_its_trouble_alone(folder, tmp_path):
    too_fast = {
        f"light_job_duration_seconds_sum{{{JOB}}}": "0+10x600 6000+0.1x200",
        f"light_job_duration_seconds_count{{{JOB}}}": "0+1x800",
        "light_job_timeout_seconds{entry='tick'}": "30+0x900",
    }
    tests = [rule_test(WELL | SILENT, "20m", None)]
    for name, series in SERIES.items():
        alive = {} if name == "LightTasksAbsent" else SILENT
        tests.append(rule_test(series | alive, "20m", name))
    tests.append(rule_test(too_fast, "780m", "LightJobTooFast"))
    rules = str(folder / FOLDER / "alerts.yaml")
    text = {"rule_files": [rules], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(text))
    promtool(tmp_path, "check", "rules", rules)
    promtool(tmp_path, "test", "rules", "test.yaml")


def test_alerts_of_cronjobs_fire_for_their_trouble_alone(cronjob_rules, tmp_path):
    name = "probe-seven"  # every 10 minutes, 30 s at most and 60 to start
    label = f'cronjob="{name}",namespace="shop"'
    started = f"kube_cronjob_status_last_schedule_time{{{label}}}"
    success = f"kube_cronjob_status_last_successful_time{{{label}}}"
    due = f"kube_cronjob_next_schedule_time{{{label}}}"
    suspended = f"kube_cronjob_spec_suspend{{{label}}}"
    well = {started: "600+0x60", success: "630+0x60", due: "2400+0x60"}
    late = well | {due: "0+0x60"}
    failing = well | {success: "30+0x60"}
    never = {started: "600+0x60", due: "2400+0x60"}

    def case(series, firing):
        alerts = ("LightCronJobLate", "LightCronJobFailing")
        test = rule_test(series, "30m", firing)
        test["promql_expr_test"] = [
            one
            | {
                "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                "exp_samples": [{"labels": "{}", "value": 1}] * (alert == firing),
            }
            for alert, one in zip(alerts, test["promql_expr_test"], strict=False)
        ]
        return test

    tests = [
        case(well, None),
        case(late, "LightCronJobLate"),
        case(late | {suspended: "1+0x60"}, None),
        case(failing, "LightCronJobFailing"),
        case(never, "LightCronJobFailing"),
    ]
    (tmp_path / "rules.yaml").write_text(cronjob_rules)
    text = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(text))
    promtool(tmp_path, "test", "rules", "test.yaml")
