"""What became of the runs of a task, in a form that adds up over processes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

#: Durations are kept in steps of about 19 percent, from 0.1 ms.
_STEPS = 4
_SHORTEST = 1e-4


@dataclass(slots=True)
class Tally:
    """Counts of outcomes, times of the last ones, and a histogram of durations.

    Times are seconds since the epoch, durations seconds.
    """

    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    last_success: float | None = None
    last_failure: float | None = None
    durations: dict[int, int] = field(default_factory=dict)

    def add(self, status: str, seconds: float, now: float) -> None:
        """Count one run; a status that is none of the three counts only its time."""
        if status == "succeeded":
            self.succeeded += 1
            self.last_success = now
        elif status == "failed":
            self.failed += 1
            self.last_failure = now
        elif status == "retried":
            self.retried += 1
        step = _step(seconds)
        self.durations[step] = self.durations.get(step, 0) + 1

    def merge(self, other: Tally) -> None:
        """Add what another tally counted."""
        sums, latest = flatten(self)
        more, later = flatten(other)
        for name, value in more.items():
            sums[name] = sums.get(name, 0) + value
        for name, value in later.items():
            latest[name] = max(latest.get(name, value), value)
        added = restore(sums | latest)
        for name in self.__slots__:
            setattr(self, name, getattr(added, name))

    def percentile(self, share: float) -> float | None:
        """The duration that this share of the runs did not exceed, within a step."""
        total = sum(self.durations.values())
        wanted = share * total
        for step in sorted(self.durations):
            wanted -= self.durations[step]
            if wanted <= 0:
                return _SHORTEST * math.pow(2.0, step / _STEPS)
        return None


@dataclass(slots=True)
class Counts:
    """How many messages of a task wait, are not due yet, and are being run."""

    waiting: int = 0
    delayed: int = 0
    running: int = 0


def flatten(tally: Tally) -> tuple[dict[str, float], dict[str, float]]:
    """The numbers to add, and the numbers of which the greater one stays."""
    sums: dict[str, float] = {
        "succeeded": tally.succeeded,
        "failed": tally.failed,
        "retried": tally.retried,
    }
    sums |= {f"step {step}": count for step, count in tally.durations.items()}
    latest = {
        "last_success": tally.last_success,
        "last_failure": tally.last_failure,
    }
    return (
        {name: value for name, value in sums.items() if value},
        {name: value for name, value in latest.items() if value is not None},
    )


def restore(numbers: dict[str, float]) -> Tally:
    """The tally from its stored numbers."""
    tally = Tally()
    for name, value in numbers.items():
        if name.startswith("step "):
            tally.durations[int(name.removeprefix("step "))] = int(value)
        elif name.startswith("last_"):
            setattr(tally, name, float(value))
        else:
            setattr(tally, name, int(value))
    return tally


def _step(seconds: float) -> int:
    return max(0, math.ceil(_STEPS * math.log2(max(seconds, _SHORTEST) / _SHORTEST)))
