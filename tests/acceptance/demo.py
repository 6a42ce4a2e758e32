"""The whole journey on a copy of the seed project: what `make demo` runs.

Every step is checked; the exit code is 0 only if all of them held. What it starts on
this machine (Redis, the scheduler replicas, the web server) ends with it.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import tomlkit
import yaml

from migrator.verify.manifest_lint import lint
from tests.goblin import GoblinProject, answering_provider
from tests.kubernetes_tools import bundled_versions, helm, validate
from tests.servers import (
    ServerMissingError,
    free_port,
    redis_server,
    wait_for_port,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / ".demo"
REPLICAS = 2
WATCHED_SECONDS = 21
PERIOD = 5.0  # seconds between two runs of system-health-check
SHOWN = 40  # lines of a long output
TOKEN = "known-to-this-demo"
PURGE = "purge-read-notifications"
ROUTER = """
from light_tasks.api_router import bearer_token, create_router

app.include_router(create_router(authorize=bearer_token))
"""


def title(text: str) -> None:
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")


def check(what: str, holds: object) -> None:
    print(f"   {'ok' if holds else 'NOT SO'}: {what}", flush=True)
    if not holds:
        raise AssertionError(what)


def migrate(project: GoblinProject, *arguments: str, code: int = 0) -> str:
    """Run `migrate ARGUMENTS` as a user would, and show what it prints."""
    print(f"\n$ migrate {' '.join(arguments)}")
    done = project.run("-m", "migrator", *arguments)
    lines = (done.stdout + done.stderr).splitlines()
    for line in lines[:SHOWN]:
        print(f"   {line}")
    if len(lines) > SHOWN:
        print(f"   ... and {len(lines) - SHOWN} lines more")
    check(f"exit code {code}", done.returncode == code)
    return done.stdout


def own_tests(project: GoblinProject) -> str:
    done = project.run("-m", "pytest", "-q", "-p", "no:cacheprovider")
    last = done.stdout.strip().splitlines()[-1]
    check(f"the project's own tests: {last}", done.returncode == 0)
    return last.split(" in ")[0]


def move(project: GoblinProject) -> None:
    title("Scan: what is there, and what could move")
    migrate(project, "scan", code=1)
    title("Plan: a file to edit and commit")
    migrate(project, "plan")
    decide(project)
    project.commit_all("Plan the migration")
    title("Diff: exactly what apply will write")
    patch = migrate(project, "diff", code=1)
    title("Apply")
    migrate(project, "apply")
    written = project.git("diff", "HEAD", "--stat")
    check("apply changed files", written)
    check("the diff is what apply wrote", _same_patch(project, patch))
    migrate(project, "diff", code=0)
    project.commit_all("Move the light tasks off Celery")


def decide(project: GoblinProject) -> None:
    """What a person writes into the plan, so that each target has its task."""
    title("Decide: a CronJob for the weekly purge, an endpoint for the cleanup")
    file = project.root / "migrate.toml"
    plan = tomlkit.parse(file.read_text())
    tasks: Any = plan["tasks"]
    tasks["maintenance.purge_read_notifications"]["target"] = "cronjob"
    tasks["maintenance.cleanup_expired_data"]["options"] = {"endpoint": "/cleanup"}
    file.write_text(tomlkit.dumps(plan))
    targets = {name: str(stanza["target"]) for name, stanza in tasks.items()}
    check(
        "the plan sends the probe to an endpoint, and knows all three targets",
        targets["health.probe_provider"] == "background"
        and {"apscheduler", "background", "cronjob"} <= set(targets.values()),
    )


def include_router(project: GoblinProject) -> bytes:
    """The step by hand that `apply` has named; returns the file as apply left it."""
    title("By hand, as apply has told: who may call the endpoints")
    file = project.root / "goblin_assistant" / "main.py"
    content = file.read_bytes()
    file.write_bytes(content + ROUTER.encode())
    print("   " + ROUTER.strip().replace("\n", "\n   "))
    return content


def _same_patch(project: GoblinProject, patch: str) -> bool:
    """Whether git, applying the printed diff to HEAD, gets the tree that apply left."""
    project.git("add", "--all")
    applied = project.git("write-tree")
    project.git("read-tree", "HEAD")
    file = project.logs / "diff.patch"
    file.write_text(patch)
    project.git("apply", "--cached", str(file))
    printed = project.git("write-tree")
    project.git("read-tree", "HEAD")
    return applied == printed


@contextmanager
def light_world(project: GoblinProject, port: int) -> Iterator[httpx.Client]:
    """Two scheduler replicas and the web server; no Celery worker, no beat."""
    with ExitStack() as stack:
        for number in range(1, REPLICAS + 1):
            stack.enter_context(
                project.running("light_tasks.scheduler", log=f"scheduler-{number}")
            )
        server = stack.enter_context(
            project.running(
                "uvicorn",
                "goblin_assistant.main:app",
                f"--port={port}",
                TASKS_TOKEN=TOKEN,
            )
        )
        wait_for_port(port, server)
        base = f"http://127.0.0.1:{port}"
        yield stack.enter_context(httpx.Client(base_url=base, timeout=10))


def show_delay(client: httpx.Client, provider_url: str) -> None:
    title("A handler calls .delay(), and no Celery worker is running")
    provider = {"name": "stub", "base_url": provider_url}
    number = client.post("/providers", json=provider).json()["id"]
    called = time.monotonic()
    answer = client.post(f"/providers/{number}/probe")
    check(f"POST /providers/{number}/probe answers 202", answer.status_code == 202)
    print(f"   {answer.json()}")
    wait_until(lambda: client.get(f"/providers/{number}/probes").json())
    seconds = time.monotonic() - called
    print(f"   {client.get(f'/providers/{number}/probes').json()[0]}")
    check(f"the probe ran and stored its row after {seconds:.2f} s", seconds < 10)


def show_schedule(project: GoblinProject, client: httpx.Client) -> None:
    title(f"A periodic job, {REPLICAS} replicas, {WATCHED_SECONDS} s")
    wait_until(lambda: client.get("/health").json()["checks"] >= 1, 30)
    time.sleep(WATCHED_SECONDS)
    slots = Counter(_slot(row[0]) for row in health_checks(project))
    check(f"{len(slots)} slots of {PERIOD:g} s had a run", len(slots) >= 4)
    check("no slot had two", set(slots.values()) == {1})
    gaps = max(slots) - min(slots) + 1 - len(slots)
    check("no slot between the first and the last is missing", gaps == 0)


def health_checks(project: GoblinProject) -> list[tuple[Any, ...]]:
    return project.rows("select strftime('%s', created_at) from health_checks")


def _slot(seconds: object) -> int:
    """The slot a run belongs to: runs start within a second of their slot."""
    return int((float(str(seconds)) + PERIOD / 2) // PERIOD)


def show_health(client: httpx.Client) -> None:
    title("GET /health/scheduler")
    answer = client.get("/health/scheduler")
    print("   " + json.dumps(answer.json(), indent=2).replace("\n", "\n   "))
    check("answers 200", answer.status_code == 200)


def show_endpoints(project: GoblinProject, client: httpx.Client) -> None:
    title("Endpoints: POST /tasks/probe_provider, POST /cleanup")
    body = {"provider_id": 1}
    check(
        "401 without the token of this demo",
        _post(client, "/tasks/probe_provider", body, "none") == 401,
    )
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    accepted = client.post("/tasks/probe_provider", json=body)
    check("202 with it", accepted.status_code == 202)
    state = f"/tasks/probe_provider/{accepted.json()['id']}"
    wait_until(lambda: client.get(state).json()["status"] == "done")
    print(f"   GET {state}\n   {client.get(state).json()}")
    runs = len(project.rows("select id from cleanup_runs"))
    check("POST /cleanup answers 202", _post(client, "/cleanup", {}, TOKEN) == 202)
    wait_until(lambda: client.get("/cleanup/status").json()["done"] == 1)
    print(f"   GET /cleanup/status\n   {client.get('/cleanup/status').json()}")
    rows = len(project.rows("select id from cleanup_runs"))
    check("the cleanup has stored its row", rows > runs)


def _post(client: httpx.Client, path: str, body: dict[str, Any], token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.post(path, json=body, headers=headers).status_code


def show_cronjob(project: GoblinProject) -> None:
    title(f"A CronJob: {PURGE}")
    folder = project.root / "light_tasks" / "k8s"
    manifest = yaml.safe_load((folder / "base" / f"{PURGE}-cronjob.yaml").read_text())
    print(f"   schedule {manifest['spec']['schedule']} {manifest['spec']['timeZone']}")
    check("the manifest has no flaw that we know of", lint(manifest) == [])
    show_chart(folder, manifest)
    pod = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    command, arguments = pod["containers"][0]["command"], pod["containers"][0]["args"]
    job = f"{PURGE}-{int(time.time()) // 60}"
    print(f"\n$ {' '.join([*command, *arguments])}   # in Job {job}")
    for expected in ("done", "taken"):
        names = {"CRONJOB_NAME": PURGE, "JOB_NAME": job}
        done = project.run(*command[1:], *arguments, **names)
        print("   " + done.stderr.strip().replace("\n", "\n   "))
        check(f"exit code 0, {expected}", done.returncode == 0)
        check(f"it says {expected}", expected in done.stderr)


def show_chart(folder: Path, manifest: dict[str, Any]) -> None:
    """The schemas of Kubernetes and the real helm; said, where they are not here."""
    try:
        for version in bundled_versions():
            validate(manifest, version)
            check(f"valid for Kubernetes {version}", holds=True)
        image = (
            "--set=image.repository=registry.example/goblin",
            "--set=image.tag=1.8.0",
        )
        check(
            "helm lint", "0 chart(s) failed" in helm("lint", folder / "chart", *image)
        )
        text = helm("template", "demo", folder / "chart", *image)
    except ServerMissingError as missing:
        print(f"   left out: {missing}")
        return
    (rendered,) = [one for one in yaml.safe_load_all(text) if one]
    schedules = {one["spec"]["schedule"] for one in (rendered, manifest)}
    check("helm template renders the same CronJob", len(schedules) == 1)
    check("and it has no flaw either", lint(rendered) == [])


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    started = time.monotonic()
    with redis_server() as redis_url, answering_provider() as provider_url:
        project = GoblinProject(FOLDER, redis_url)
        title(
            f"A FastAPI project with Celery: {project.root.relative_to(FOLDER.parent)}"
        )
        project.commit_all("The project before the migration")
        before = project.contents()
        passed_before = own_tests(project)
        move(project)
        as_applied = include_router(project)
        title("The project's own tests, after")
        check("the same tests pass", own_tests(project) == passed_before)
        project.python("-m", "goblin_assistant.create_tables")
        with light_world(project, free_port()) as client:
            show_delay(client, provider_url)
            show_schedule(project, client)
            show_endpoints(project, client)
            show_health(client)
            show_cronjob(project)
        title("Undo")
        (project.root / "goblin_assistant" / "main.py").write_bytes(as_applied)
        migrate(project, "undo")
        (project.root / "migrate.toml").unlink()
        check("every file is what it was, byte for byte", project.contents() == before)
    print(f"\nThe demo went through in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
