"""What is on Celery today, so that CI can refuse what is added tomorrow.

The file counts, for each path, its tasks, schedules and blind spots by name: line
numbers are no part of it, so that an edit elsewhere in a file changes nothing. Tests,
and tasks that have moved already, are left out.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migrator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from migrator.model import (
        BlindSpot,
        Inventory,
        Location,
        ScheduleEntry,
        TaskDefinition,
    )
    from migrator.pipeline import Survey

KIND = "baseline"
SCHEMA_VERSION = 1
TASK_RULE = "celery-task"

Key = tuple[str, str]  # path, what
Baseline = Counter[Key]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is on Celery, or that hides what is."""

    key: str
    location: Location
    text: str

    @property
    def place(self) -> Key:
        return self.location.path, self.key


@dataclass(frozen=True, slots=True)
class Comparison:
    """`new` goes beyond the baseline; `gone` is in it and no longer in the source."""

    new: tuple[Item, ...]
    gone: tuple[Key, ...]
    has_baseline: bool

    @property
    def new_keys(self) -> frozenset[Key]:
        return frozenset(item.place for item in self.new)


def task_key(task: TaskDefinition) -> str:
    return f"task {task.name}"


def schedule_key(entry: ScheduleEntry) -> str:
    return f"schedule {entry.name}"


def blind_spot_key(spot: BlindSpot) -> str:
    return f"blind spot {spot.kind}"


def items_on_celery(found: Survey) -> tuple[Item, ...]:
    """Everything that a baseline counts, in the order of its places."""
    items = list(_items(found.inventory, found.project.is_test))
    return tuple(sorted(items, key=lambda item: (item.location, item.key)))


def _items(inventory: Inventory, is_test: Callable[[str], bool]) -> Iterator[Item]:
    for task in inventory.tasks:
        if not task.in_tests and not task.is_light:
            text = f"{task.name} is a Celery task"
            yield Item(task_key(task), task.location, text)
    for entry in inventory.schedules:
        if not is_test(entry.location.path):
            text = f"{entry.name} is a schedule of beat for {entry.task}"
            yield Item(schedule_key(entry), entry.location, text)
    for spot in inventory.blind_spots:
        if not is_test(spot.location.path):
            text = f"{spot.kind}: {spot.reason} [{spot.text}]"
            yield Item(blind_spot_key(spot), spot.location, text)


def compare(items: Iterable[Item], baseline: Baseline | None) -> Comparison:
    """Where a file has more of a kind than the baseline, the last ones are new."""
    left = Counter(baseline or {})
    new = []
    for item in items:
        if left[item.place] > 0:
            left[item.place] -= 1
        else:
            new.append(item)
    return Comparison(
        tuple(new), tuple(sorted((+left).elements())), baseline is not None
    )


def baseline_document(items: Sequence[Item]) -> str:
    """The baseline as a file to commit: sorted, a line for each thing."""
    files: dict[str, dict[str, int]] = {}
    for (path, key), count in sorted(Counter(i.place for i in items).items()):
        files.setdefault(path, {})[key] = count
    content = {"kind": KIND, "schema": SCHEMA_VERSION, "files": files}
    return json.dumps(content, indent=2, ensure_ascii=True) + "\n"


def read_baseline(data: bytes, where: str) -> Baseline:
    """UsageError, naming the file, where it is no baseline that we can read."""
    try:
        content = json.loads(data)
    except ValueError as error:  # a decoding error among them
        raise _unusable(f"is no JSON: {error}", where) from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise _unusable("is no baseline of `migrate scan`", where)
    if content.get("schema") != SCHEMA_VERSION:
        text = f"has schema {content.get('schema')!r}, this is {SCHEMA_VERSION}"
        raise _unusable(text, where)
    return Counter(dict(_counts(content.get("files"), where)))


def _counts(files: Any, where: str) -> Iterator[tuple[Key, int]]:
    if not isinstance(files, dict):
        raise _unusable("has no table `files`", where)
    for path, keys in files.items():
        if not isinstance(keys, dict):
            raise _unusable(f"has no counts for {path!r}", where)
        for key, count in keys.items():
            if type(count) is not int or count < 1:
                raise _unusable(f"counts {path!r}, {key!r} as {count!r}", where)
            yield (path, key), count


def _unusable(text: str, where: str) -> UsageError:
    hint = "Write it anew: migrate scan --write-baseline FILE"
    return UsageError(f"the baseline {text}", where=where, hint=hint)
