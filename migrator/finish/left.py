"""What people still have to take out by hand, each with its place."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from migrator.model import CallKind, Location, ManualStep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from migrator.model import Inventory, Plan

DEPENDENCY_FILES = re.compile(
    r"(?:.*/)?(?:pyproject\.toml|setup\.(?:cfg|py)|Pipfile|environment\.ya?ml"
    r"|[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)|requirements/[\w.-]+)"
)
OF_CELERY = re.compile(
    r"(?<![\w/.-])(?:celery(?![\w-])|celery\[|flower|kombu|billiard|celery-redbeat"
    r"|django-celery-(?:beat|results)|pytest-celery|types-celery)(?![\w-])",
    re.IGNORECASE,
)
OF_SHIM = re.compile(r"celery-light-migrate", re.IGNORECASE)
DOCS = frozenset({".md", ".rst", ".txt", ".adoc"})
NOTED = ("task_prerun", "task_postrun", "task_success", "task_failure", "task_retry")
SENT = ("before_task_publish", "after_task_publish", "task_received", "task_sent")
READ_AT_MOST = 1_000_000  # bytes of a text file that is looked through


def left_to_remove(
    inventory: Inventory,
    plan: Plan,
    finishing: Collection[str],
    paths: Iterable[str],
    read: Callable[[str], bytes],
) -> tuple[ManualStep, ...]:
    """Tests, settings, processes, dependencies and docs, as far as they are done with.

    While a task stays on Celery, Celery stays; while one keeps the shim, the shim.
    """
    steps = [*_mocks(inventory, finishing), *_signals(inventory)]
    left = [
        task.definition
        for task in plan.tasks
        if not task.is_finished and task.definition.name not in finishing
    ]
    if left:
        steps += _named_in_settings(inventory, finishing)
        if not inventory.schedules:
            steps += _processes(inventory, {"beat"})
    else:
        steps += _celery_itself(inventory, f"{plan.package_path}/")
    has_light = any(task.is_light for task in left)
    patterns = [] if left else [OF_CELERY]
    patterns += [] if has_light else [OF_SHIM]
    steps += _texts(paths, read, patterns, has_docs=not left)
    return tuple(steps)


def _mocks(inventory: Inventory, finishing: Collection[str]) -> Iterator[ManualStep]:
    for site in inventory.call_sites:
        if site.kind is CallKind.MOCK and site.task in finishing:
            attribute = f".{site.detail}" if site.detail else ""
            yield ManualStep(
                site.location,
                f"let the test replace the function itself: {site.source}",
                f"{site.task} is a plain function now"
                + (f", and has no {attribute}" if attribute else ""),
            )


def _signals(inventory: Inventory) -> Iterator[ManualStep]:
    for handler in inventory.signals:
        if handler.signal in NOTED + SENT:
            yield ManualStep(
                handler.location,
                f"see whether {handler.handler} must hear of the finished tasks",
                f"nobody sends the signal {handler.signal} for a plain function",
            )


def _named_in_settings(
    inventory: Inventory, finishing: Collection[str]
) -> Iterator[ManualStep]:
    for setting in inventory.settings:
        for name in sorted(finishing):
            if re.search(rf"[\"']{re.escape(name)}[\"']", setting.source):
                yield ManualStep(
                    setting.location,
                    f"take {name} out of the setting {setting.name}",
                    "no task has that name any more",
                )


def _celery_itself(inventory: Inventory, generated: str) -> Iterator[ManualStep]:
    for app in inventory.apps:
        yield ManualStep(
            app.location,
            f"remove the Celery application {app.variable}, and what imports it",
            "no task is left",
        )
    for setting in inventory.settings:
        if setting.location.path.startswith(generated):
            continue
        yield ManualStep(
            setting.location,
            f"remove the setting {setting.name}",
            "no Celery application reads it",
        )
    yield from _processes(inventory, {"worker", "beat", "flower"})


def _processes(inventory: Inventory, kinds: Collection[str]) -> Iterator[ManualStep]:
    for process in inventory.processes:
        if process.kind in kinds:
            yield ManualStep(
                process.location,
                f"remove the {process.kind} process: {process.command}",
                "nothing is left for it to do, once `migrate drain` says so",
            )


def _texts(
    paths: Iterable[str],
    read: Callable[[str], bytes],
    patterns: list[re.Pattern[str]],
    *,
    has_docs: bool,
) -> Iterator[ManualStep]:
    for path in paths:
        if DEPENDENCY_FILES.fullmatch(path):
            for number, line in _matching(read(path), patterns):
                yield ManualStep(
                    Location(path, number),
                    f"remove the dependency: {line.strip()}",
                    "nothing imports it any more",
                )
        elif has_docs and PurePosixPath(path).suffix.lower() in DOCS:
            lines = list(_matching(read(path), [OF_CELERY]))
            if lines:
                yield ManualStep(
                    Location(path, lines[0][0]),
                    f"rewrite what it says of Celery, in {len(lines)} of its lines",
                    "the project does not use it any more",
                )


def _matching(
    data: bytes, patterns: list[re.Pattern[str]]
) -> Iterator[tuple[int, str]]:
    if len(data) > READ_AT_MOST:
        return
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if any(pattern.search(line) for pattern in patterns):
            yield number, line
