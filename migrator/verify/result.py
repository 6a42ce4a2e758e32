"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.model import Location


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not accounted for."""

    message: str
    location: Location | None = None

    def __str__(self) -> str:
        return f"{self.location}: {self.message}" if self.location else self.message


@dataclass(frozen=True, slots=True)
class Check:
    """One check's outcome. `facts` says what it compared, e.g. "52 definitions"."""

    name: str
    facts: str
    problems: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems
