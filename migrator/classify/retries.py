"""How often and for how long a task is tried again, by Celery's rules.

https://docs.celeryq.dev/en/stable/userguide/tasks.html#retrying
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.model import CallKind

if TYPE_CHECKING:
    from migrator.classify.context import TaskContext
    from migrator.model import CallSite, Literal, Location, Option

CELERY_MAX_RETRIES = 3
CELERY_RETRY_DELAY = 180.0
CELERY_BACKOFF_MAX = 600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    location: Location
    max_retries: int | None = CELERY_MAX_RETRIES  # None: for ever
    is_readable: bool = True  # False: a number that decides is no literal
    unread: str = ""  # the source of that number
    delay: float = CELERY_RETRY_DELAY
    backoff: float = 0.0  # first delay of an exponential backoff, 0: fixed delay
    backoff_max: float = CELERY_BACKOFF_MAX

    @property
    def horizon(self) -> float:
        """Seconds from the first try to the last, without the runs themselves."""
        if self.max_retries is None:
            return float("inf")
        if not self.backoff:
            return self.max_retries * self.delay
        # Past this exponent every delay is the maximum, whatever the first one was.
        steps = min(self.max_retries, 40)
        grown: float = sum(
            min(self.backoff * 2**n, self.backoff_max) for n in range(steps)
        )
        return grown + (self.max_retries - steps) * self.backoff_max


def retry_policy(context: TaskContext) -> RetryPolicy | None:
    """None where the task is never tried again."""
    sites = tuple(context.does(CallKind.RETRY))
    automatic = context.option("autoretry_for")
    if not sites and (automatic is None or automatic.value == ()):
        return None
    reader = _Reader(context)
    keywords = reader.keywords()
    location = sites[0].location if sites else context.task.decorator
    return RetryPolicy(
        location=location,
        max_retries=reader.max_retries(keywords, sites),
        delay=reader.delay(keywords, sites),
        backoff=reader.backoff() if automatic else 0.0,
        backoff_max=reader.number("retry_backoff_max", CELERY_BACKOFF_MAX),
        is_readable=not reader.unread,
        unread=reader.unread,
    )


class _Reader:
    def __init__(self, context: TaskContext) -> None:
        self.context = context
        self.unread = ""

    def keywords(self) -> dict[str, Literal]:
        """`retry_kwargs`, where it is a literal."""
        option = self.context.option("retry_kwargs")
        if option is None:
            return {}
        if isinstance(option.value, dict):
            return option.value
        self.unread = f"retry_kwargs={option.source}"
        return {}

    def number(self, name: str, default: float) -> float:
        return self._number(self.context.option(name), default)

    def _number(self, option: Option | None, default: float) -> float:
        if option is None:
            return default
        if option.is_literal and isinstance(option.value, int | float):
            return float(option.value)
        if not option.is_literal:
            self.unread = f"{option.name}={option.source}"
        return default

    def max_retries(
        self, keywords: dict[str, Literal], sites: tuple[CallSite, ...]
    ) -> int | None:
        given = [_option(site, "max_retries") for site in sites]
        found = [option for option in given if option is not None]
        if len(found) < len(given) or not found:
            own = self.context.option("max_retries")
            found += [own] if own is not None else []
        if "max_retries" in keywords:
            value = keywords["max_retries"]
            return int(value) if isinstance(value, int | float) else None
        if any(option.is_literal and option.value is None for option in found):
            return None
        numbers = [self._number(option, CELERY_MAX_RETRIES) for option in found]
        return int(max(numbers, default=CELERY_MAX_RETRIES))

    def delay(self, keywords: dict[str, Literal], sites: tuple[CallSite, ...]) -> float:
        usual = self.number("default_retry_delay", CELERY_RETRY_DELAY)
        countdown = keywords.get("countdown")
        if isinstance(countdown, int | float):
            usual = float(countdown)
        delays = [self._site_delay(site, usual) for site in sites]
        return max(delays, default=usual)

    def _site_delay(self, site: CallSite, usual: float) -> float:
        if (eta := _option(site, "eta")) is not None:
            self.unread = f"eta={eta.source}"
        return self._number(_option(site, "countdown"), usual)

    def backoff(self) -> float:
        option = self.context.option("retry_backoff")
        if option is None or option.value is False:
            return 0.0
        if option.value is True:
            return 1.0
        return self._number(option, 1.0)


def _option(site: CallSite, name: str) -> Option | None:
    return next((o for o in site.options if o.name == name), None)
