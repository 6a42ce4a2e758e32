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

from tests.goblin import GoblinProject, answering_provider
from tests.servers import free_port, redis_server, wait_for_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / ".demo"
REPLICAS = 2
WATCHED_SECONDS = 21
PERIOD = 5.0  # seconds between two runs of system-health-check
SHOWN = 40  # lines of a long output


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
            project.running("uvicorn", "goblin_assistant.main:app", f"--port={port}")
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
        title("The project's own tests, after")
        check("the same tests pass", own_tests(project) == passed_before)
        project.python("-m", "goblin_assistant.create_tables")
        with light_world(project, free_port()) as client:
            show_delay(client, provider_url)
            show_schedule(project, client)
            show_health(client)
        title("Undo")
        migrate(project, "undo")
        (project.root / "migrate.toml").unlink()
        check("every file is what it was, byte for byte", project.contents() == before)
    print(f"\nThe demo went through in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
