"""Crontab fields, expanded by Celery's own parser to explicit sets of numbers.

https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#crontab-schedules
"""

from __future__ import annotations

from calendar import month_abbr, monthrange
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from celery.schedules import crontab

NAMES = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
LEAP_YEAR = 2024
MOST_NUMBERS = 1_000  # of a list, which a stranger's code may make as long as it likes
LONGEST_REASON = 200
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class UnusableFieldError(ValueError):
    """Celery rejects the field, or would never run the entry."""


@dataclass(frozen=True, slots=True)
class CronFields:
    """Sorted numbers as Celery counts them: Sunday is 0."""

    minute: tuple[int, ...]
    hour: tuple[int, ...]
    day_of_week: tuple[int, ...]
    day_of_month: tuple[int, ...]
    month_of_year: tuple[int, ...]

    @property
    def any_weekday(self) -> bool:
        return len(self.day_of_week) == len(WEEKDAYS)

    @property
    def any_day(self) -> bool:
        return len(self.day_of_month) == 31  # noqa: PLR2004 - days of a month

    @property
    def any_month(self) -> bool:
        return len(self.month_of_year) == 12  # noqa: PLR2004 - months of a year


def expand(spec: Mapping[str, Any]) -> CronFields:
    """The numbers on which Celery would run; UnusableFieldError says why not.

    Wrapped ranges, long names and steps beyond the range, which Celery accepts and
    other schedulers do not, are gone afterwards.
    """
    given = {name: _plain(name, spec.get(name, "*")) for name in NAMES}
    for name, value in given.items():
        _parsed({name: value}, name)  # alone first, so that the fault has a name
    parsed = _parsed(given, "it")
    sets = {name: _numbers(name, getattr(parsed, name)) for name in NAMES}
    fields = CronFields(**sets)
    if not _has_a_date(fields):
        raise UnusableFieldError("no month has such a day, so it never runs")
    return fields


def _parsed(given: Mapping[str, Any], name: str) -> crontab:
    from celery.schedules import ParseException, crontab

    try:
        return crontab(**given)
    except (ParseException, ValueError, TypeError, IndexError) as error:
        reason = str(error)  # holds the value, however long that is
        if len(reason) > LONGEST_REASON:
            reason = f"{reason[:LONGEST_REASON]}..."
        raise UnusableFieldError(f"Celery rejects {name}: {reason}") from error


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, str | int) or value is None:
        return "*" if value is None else value
    if isinstance(value, list | tuple | set | frozenset | range):
        return _chosen(name, list(islice(value, MOST_NUMBERS + 1)))
    raise UnusableFieldError(
        f"{name} is a {type(value).__name__}; only text, numbers and lists of "
        "numbers mean the same each time they are read"
    )


def _chosen(name: str, values: list[Any]) -> set[Any]:
    if len(values) > MOST_NUMBERS:
        raise UnusableFieldError(f"{name} holds more than {MOST_NUMBERS} numbers")
    try:
        return set(values)
    except TypeError as error:
        raise UnusableFieldError(
            f"{name} holds something else than whole numbers"
        ) from error


def _numbers(name: str, values: set[Any]) -> tuple[int, ...]:
    if not values:
        raise UnusableFieldError(f"{name} is empty, so it never runs")
    if not all(isinstance(value, int) for value in values):
        raise UnusableFieldError(f"{name} holds something else than whole numbers")
    return tuple(sorted(int(value) for value in values))


def _has_a_date(fields: CronFields) -> bool:
    return any(
        day <= monthrange(LEAP_YEAR, month)[1]
        for month in fields.month_of_year
        for day in fields.day_of_month
    )


def surprising_parts(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Text that Celery reads otherwise than it looks, e.g. `mon#1` as every Monday."""
    found = []
    for name in NAMES:
        value = spec.get(name, "*")
        if not isinstance(value, str):
            continue
        found += [
            f"{name}={part!r}" for part in value.split(",") if _misleads(name, part)
        ]
    return tuple(found)


def _misleads(name: str, part: str) -> bool:
    body = part.strip().partition("/")[0]
    if body.count("-") > 1:
        return True  # Celery ignores what follows the second number
    names = [word for word in body.split("-") if word and not word.isdigit()]
    words = [word for word in names if word != "*"]
    if name not in {"day_of_week", "month_of_year"}:
        return bool(words)
    return any(not word.isalpha() or word[:3].lower() not in _known() for word in words)


def _known() -> frozenset[str]:
    months = (name.lower() for name in month_abbr if name)
    return frozenset((*WEEKDAYS, *months))
