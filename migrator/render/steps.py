"""What people have to do by hand so that what is generated is reached and started.

A step is gone once its line is there: only the text of the files is looked at.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from migrator.model import Location, ManualStep, Target
from migrator.render.background import wants_endpoint
from migrator.render.runner_steps import text_of
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrator.model import Inventory, Plan, ProcessCommand

    Read = Callable[[str], bytes | None]

YAML = frozenset({".yml", ".yaml"})
COPY = re.compile(r"^\s*COPY\s+(?P<sources>.+?)\s+\S+\s*$", re.IGNORECASE)
DATABASE_SCHEDULER = re.compile(
    r"django_celery_beat|DatabaseScheduler|(?:^|-S|--scheduler)[ =]?['\"]?django\b"
)
TESTPATHS = re.compile(
    r"^[ \t]*testpaths[ \t]*=[ \t]*(\[[^\]]*\]|[^\n]*(?:\n[ \t]+\S[^\n]*)*)",
    re.MULTILINE,
)
PYTEST_FILES = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
PACKAGES = re.compile(r"^\s*(?:include|packages)\s*=\s*\[")


def steps_of(plan: Plan, inventory: Inventory, read: Read) -> tuple[ManualStep, ...]:
    """Steps with the place where each is to be done, in the order of the data."""
    return (
        *_router(plan, inventory, read),
        *_scheduler(plan, inventory, read),
        *_rows(plan, inventory),
        *_image(plan, inventory, read),
        *_packaging(plan, read),
        *_proof(plan, read),
        *_cluster(plan),
    )


def _router(plan: Plan, inventory: Inventory, read: Read) -> Iterator[ManualStep]:
    if not any(wants_endpoint(task) for task in plan.tasks):
        return
    module = f"{plan.package}.api_router"
    apps = [app for app in inventory.web_apps if app.framework == "fastapi"]
    if any(module in text_of(read, app.location.path) for app in apps):
        return
    name = apps[0].variable.rpartition(".")[2] if apps else "app"
    yield ManualStep(
        apps[0].location if apps else None,
        f"from {module} import bearer_token, create_router; "
        f"{name}.include_router(create_router(authorize=bearer_token))",
        "the endpoints are closed until you say who may call them: bearer_token "
        "compares with TASKS_TOKEN; give a dependency of your own where you have one",
    )


def _scheduler(plan: Plan, inventory: Inventory, read: Read) -> Iterator[ManualStep]:
    if not any(s.target is Target.APSCHEDULER for s in plan.schedules):
        return
    command = f"python -m {plan.package}.scheduler"
    beats = [process for process in inventory.processes if process.kind == "beat"]
    stays = [s for s in plan.schedules if s.target is Target.CELERY]
    left = _staying(len(stays)) if stays else "beat has nothing left"
    for beat in beats:
        if f"{plan.package}.scheduler" in text_of(read, beat.location.path):
            continue
        yield ManualStep(
            beat.location,
            f"start the scheduler beside it: {_entry(beat, command)}",
            f"it runs what moved; any number of it may run; {left}",
        )
    if not beats:
        yield ManualStep(
            None,
            f"start the scheduler where your other processes are started: {command}",
            f"it runs what moved, and no command of beat was found; {left}",
        )


def _rows(plan: Plan, inventory: Inventory) -> Iterator[ManualStep]:
    """django-celery-beat keeps a row of each entry that it has once read."""
    moving = [s.entry.name for s in plan.schedules if s.moves_now]
    scheduler = _database_scheduler(inventory)
    if not moving or scheduler is None:
        return
    names = ", ".join(repr(name) for name in moving)
    yield ManualStep(
        scheduler,
        f"delete the rows before beat starts without these entries: "
        f"PeriodicTask.objects.filter(name__in=[{names}]).delete()",
        "django-celery-beat goes on with a row whose entry has left the code, "
        "and the schedule would run twice",
    )


def _database_scheduler(inventory: Inventory) -> Location | None:
    for process in inventory.processes:
        if process.kind == "beat" and DATABASE_SCHEDULER.search(process.command):
            return process.location
    for setting in inventory.settings:
        is_scheduler = setting.name == "beat_scheduler"
        if is_scheduler and DATABASE_SCHEDULER.search(setting.source):
            return setting.location
    return None


def _entry(beat: ProcessCommand, command: str) -> str:
    """The new process in the words of the file in which beat stands."""
    path = PurePosixPath(beat.location.path)
    if path.name.startswith("Procfile"):
        return f"scheduler: {command}"
    if path.suffix == ".service":
        return f"a unit like this one with ExecStart={command}"
    if "supervisor" in path.name:
        return f"[program:scheduler] command={command}"
    if path.suffix in YAML and "compose" in path.name:
        return f"a service `scheduler` like beat's with `command: {command}`"
    if path.suffix in YAML:
        words = ", ".join(f'"{word}"' for word in command.split())
        return f"a Deployment like beat's with `command: [{words}]`"
    return command


def _image(plan: Plan, inventory: Inventory, read: Read) -> Iterator[ManualStep]:
    """Images that copy the packages by name, and so would miss the new one."""
    own, top = plan.package.partition(".")[0], _top_levels(plan)
    for path in sorted({"Dockerfile", *(p.location.path for p in inventory.processes)}):
        text = text_of(read, path)
        if "dockerfile" not in PurePosixPath(path).name.lower() or own in text:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            match = COPY.match(line)
            words = match["sources"].split() if match else []
            sources = {PurePosixPath(word).name for word in words}
            if top & sources:
                folder = plan.package_path
                yield ManualStep(
                    Location(path, number),
                    f"COPY {folder} ./{folder}",
                    "the image copies packages by name, and the generated one is new",
                )
                break


def _packaging(plan: Plan, read: Read) -> Iterator[ManualStep]:
    own, top = plan.package.partition(".")[0], _top_levels(plan)
    text = text_of(read, "pyproject.toml")
    for number, line in enumerate(text.splitlines(), 1):
        named = any(f'"{name}' in line for name in top)
        if PACKAGES.match(line) and named and own not in line:
            yield ManualStep(
                Location("pyproject.toml", number),
                f'add "{own}*" to this list',
                "the build takes packages by name, and the generated one is new",
            )


def _proof(plan: Plan, read: Read) -> Iterator[ManualStep]:
    """A pytest that looks in named folders only would never repeat the proof."""
    left = {t.definition.name for t in plan.tasks if t.moves and not t.is_finished}
    is_rendered = any(
        s.target is Target.APSCHEDULER and s.entry.task in left for s in plan.schedules
    )
    for path in PYTEST_FILES if is_rendered else ():
        text = text_of(read, path)
        found = TESTPATHS.search(text)
        if found is None:
            continue
        folders = {word.rstrip("/") for word in re.findall(r"[^\s\[\]\"',]+", found[1])}
        over = (plan.package_path, *map(str, PurePosixPath(plan.package_path).parents))
        if folders.isdisjoint(over):
            yield ManualStep(
                Location(path, text.count("\n", 0, found.start(1)) + 1),
                f'add "{plan.package_path}" to these folders',
                "test_schedules.py there repeats the proof with each run of your tests",
            )
        return  # pytest reads the first of them alone


def _cluster(plan: Plan) -> Iterator[ManualStep]:
    if not any(s.target is Target.CRONJOB for s in plan.schedules):
        return
    folder = f"{plan.package_path}/k8s"
    yield ManualStep(
        Location(f"{folder}/base/kustomization.yaml", 1),
        "set the image and its tag, create the Secret that the jobs read, and apply "
        f"with `kubectl apply -k {folder}/base`; or install the chart {folder}/chart",
        "neither your registry nor your secrets are known here",
    )
    yield ManualStep(
        Location(f"{folder}/live/kustomization.yaml", 1),
        f"`kubectl apply -k {folder}/live` once beat runs without what moved (with the "
        "chart: set suspend to false)",
        "the jobs are suspended, so that nothing runs twice before the cut-over",
    )


def _top_levels(plan: Plan) -> set[str]:
    return {task.definition.module.partition(".")[0] for task in plan.tasks}


def _staying(entries: int) -> str:
    return f"{counted(entries, 'entry')} {'stays' if entries == 1 else 'stay'} on beat"
