"""The test file that repeats the proof of the schedules in the user's repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrator.render.environment import rendered
from migrator.render.literals import expression, python

if TYPE_CHECKING:
    from migrator.model import PlannedSchedule

FIELDS = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")


def proof_test(package: str, schedules: list[PlannedSchedule]) -> bytes:
    """`test_schedules.py`: each schedule as it was, against what it became."""
    items = [
        {
            "id": python(schedule.entry.name),
            "zone": python(str(spec.get("timezone") or "UTC")),
            "schedule": expression(_source(spec), 8, 0),
        }
        for schedule in schedules
        if (spec := schedule.entry.spec) is not None
    ]
    template = "apscheduler/test_schedules.py.j2"
    return rendered(template, package=package, beat=items)


def _source(spec: dict[str, Any]) -> str:
    if spec["kind"] == "crontab":
        given = [f"{name}={_plain(spec[name])!r}" for name in FIELDS if name in spec]
        return f"beat.crontab({', '.join(given)})"
    relative = ", relative=True" if spec.get("relative") else ""
    seconds = spec["seconds"]
    number = seconds if isinstance(seconds, int | float) else seconds.total_seconds()
    return f"beat.schedule(timedelta(seconds={number!r}){relative})"


def _plain(value: Any) -> Any:
    """As Celery takes it: lists of numbers as tuples, which are literals."""
    return tuple(value) if isinstance(value, list | set | frozenset | range) else value
