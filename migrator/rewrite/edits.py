"""The edits of one file, as plain data addressed by position.

Positions are (line from 1, column from 0 in characters), as in `Location`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

Position = tuple[int, int]


class DecoratorForm(Enum):
    REPLACE = "replace"  # @shared_task(...) becomes @light_task(name=..., ...)
    ADOPT = "adopt"  # @light_task goes above, the decorator below stays


@dataclass(frozen=True, slots=True)
class DecoratorEdit:
    form: DecoratorForm
    name: str = ""  # to freeze; "": the decorator has one already
    app: str = ""  # source of the app expression to keep


@dataclass(frozen=True, slots=True)
class WebAppEdit:
    """Start the runner with the web app, and show the scheduler's health."""

    lifespan: str  # local name of the shim's lifespan
    health_router: str = ""  # local name of the router; "": nothing to show


@dataclass(frozen=True, slots=True)
class WantedImport:
    """`from module import name as alias`."""

    module: str
    name: str
    alias: str = ""

    @property
    def bound(self) -> str:
        return self.alias or self.name


@dataclass(slots=True)
class FileEdits:
    """What to do in one file; filled by the plan's reader, emptied by nobody."""

    decorators: dict[Position, DecoratorEdit] = field(default_factory=dict)
    elements: set[Position] = field(default_factory=set)  # of a dict or list
    statements: set[Position] = field(default_factory=set)  # a place inside each
    web_apps: dict[Position, WebAppEdit] = field(default_factory=dict)
    imports: list[WantedImport] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
