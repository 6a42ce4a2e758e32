"""migrate.toml: the plan as a text file that people edit and commit.

format = 1

[tasks."shop.tasks.clean_up"]
accept = "yes"             # yes | no | later
target = "apscheduler"     # apscheduler | background | cronjob | runner | celery
verdict = "light, unconfirmed"
reasons = ["..."]
source = "shop/tasks.py"
hash = "5f1c..."           # of the source that the verdict was made from
callers = "background"     # what `migrate finish` makes of its callers: direct |
                           # background | job; not needed where it has none
finished = "shop.tasks.clean_up"  # a finish made it this plain function

[schedules."clean-up-nightly"]
task = "shop.tasks.clean_up"
moved = true               # an apply took it out of beat; the rest is its record
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import ParseError

from migrator.errors import PlanError
from migrator.model import Accept, Callers, Target

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FILE_NAME = "migrate.toml"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Stanza:
    """A task's part of the file."""

    name: str
    line: int
    accept: Accept
    target: Target
    hash: str = ""
    is_marked_stale: bool = False
    is_gone: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    callers: Callers | None = None
    finished: str = ""  # dotted name of the function that it has become
    source: str = ""  # path of its file


@dataclass(frozen=True, slots=True)
class Manifest:
    """The file's content, read and checked; `document` keeps its exact layout."""

    document: TOMLDocument
    stanzas: dict[str, Stanza] = field(default_factory=dict)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)


def text_of(document: TOMLDocument) -> str:
    """The file's text, with the line ends that it has: added lines come with LF."""
    text = tomlkit.dumps(document)
    if not text.partition("\n")[0].endswith("\r"):
        return text
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def read_manifest(text: str) -> Manifest:
    """Parse and check; PlanError names the line of what cannot be used."""
    try:
        document = tomlkit.parse(text)
    except ParseError as error:
        raise PlanError(
            f"is not valid TOML: {error}",
            where=f"{FILE_NAME}:{error.line}:{error.col}",
            hint="Correct the line, or remove the file and run `migrate plan`.",
        ) from error
    plain = document.unwrap()
    if plain.get("format") != FORMAT:
        raise PlanError(
            f"format = {plain.get('format')!r} is not one this version reads",
            where=FILE_NAME,
            hint=f"This version reads format = {FORMAT}.",
        )
    lines = _Lines(text)
    tasks = _table(plain, "tasks", lines)
    stanzas = {name: _stanza(name, table, lines) for name, table in tasks.items()}
    return Manifest(document, stanzas, _table(plain, "schedules", lines))


class _Lines:
    """Finds the line on which a stanza, or a key of it, stands."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def of(self, section: str, name: str, key: str = "") -> int:
        head = re.compile(rf"\[{section}\.[\"']?{re.escape(name)}[\"']?\]")
        wanted = re.compile(rf"\s*{re.escape(key)}\s*=") if key else None
        at = 0
        for number, line in enumerate(self._lines, 1):
            if at == 0:
                at = number if head.match(line.strip()) else 0
            elif line.startswith("["):
                break
            elif wanted is not None and wanted.match(line):
                return number
        return at or 1


def _table(plain: dict[str, Any], section: str, lines: _Lines) -> dict[str, Any]:
    table = plain.get(section, {})
    wrong = not isinstance(table, dict) or any(
        not isinstance(entry, dict) for entry in table.values()
    )
    if wrong:
        raise PlanError(
            f"[{section}] must hold one table for each name",
            where=f"{FILE_NAME}:{lines.of(section, '')}",
            hint="Remove the file and run `migrate plan` to see the form.",
        )
    return dict(table)


def _stanza(name: str, table: dict[str, Any], lines: _Lines) -> Stanza:
    return Stanza(
        name=name,
        line=lines.of("tasks", name),
        accept=Accept(_choice(name, table, "accept", list(Accept), lines)),
        target=Target(_choice(name, table, "target", list(Target), lines)),
        hash=str(table.get("hash", "")),
        is_marked_stale=bool(table.get("stale", False)),
        is_gone=bool(table.get("gone", False)),
        options=dict(table.get("options", {})),
        callers=_callers(name, table, lines),
        finished=_finished(name, table, lines),
        source=str(table.get("source", "")),
    )


def _callers(name: str, table: dict[str, Any], lines: _Lines) -> Callers | None:
    if "callers" not in table:
        return None
    return Callers(_choice(name, table, "callers", list(Callers), lines))


def _finished(name: str, table: dict[str, Any], lines: _Lines) -> str:
    value = table.get("finished", "")
    words = value.split(".") if isinstance(value, str) else [""]
    if value == "" or (len(words) > 1 and all(word.isidentifier() for word in words)):
        return str(value)
    raise PlanError(
        f"finished = {value!r} of task {name} is no dotted name of a function",
        where=f"{FILE_NAME}:{lines.of('tasks', name, 'finished')}",
        hint="Take the line back from version control; `migrate finish` wrote it.",
    )


def _choice(
    name: str, table: dict[str, Any], key: str, allowed: list[Any], lines: _Lines
) -> str:
    value = table.get(key)
    choices = [str(choice) for choice in allowed]
    if value not in choices:
        raise PlanError(
            f"{key} = {value!r} of task {name} is none of {', '.join(choices)}",
            where=f"{FILE_NAME}:{lines.of('tasks', name, key)}",
            hint="Correct the line; `migrate plan` leaves what you decided alone.",
        )
    return str(value)
