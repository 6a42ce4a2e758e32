"""One command line of Celery or of a web server, taken apart."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from migrator.model import ProcessCommand
from migrator.scan.walker import one_line

if TYPE_CHECKING:
    from migrator.model import Location

CELERY = re.compile(
    r"(?:^|[\s\"'/=\[,;&|(])(?:-m[\s\"',]+)?celery[\"']?(?=[\s,\"'])[^\n]*?"
    r"[\s\"',](worker|beat|flower|multi)\b"
)
WEB = re.compile(
    r"(?:^|[\s\"'/=\[,;&|(])(uvicorn|gunicorn|daphne|hypercorn|granian|uwsgi)[\"']?"
    r"(?=[\s,\"'])\s*[\"',]*\s*[-\w$.{]"
)
# Lines that install, name or describe the program, and do not start it.
NOT_A_START = re.compile(
    r"\b(?:pip3?|uv|poetry|apt|apt-get|apk|dnf|yum)\b[^&|;]*\b(?:install|add|sync|export)\b"
    r"|\bmulti\s+(?:stop|stopwait|kill|show|names|help|expand|get)\b|--(?:no-)?extra\b"
    r"|^\s*(?:image|name|container_name|description|user|group|include)\s*[:=]",
    re.IGNORECASE,
)
LONG_NAMES = {
    "-Q": "--queues",
    "-c": "--concurrency",
    "-A": "--app",
    "-l": "--loglevel",
    "-n": "--hostname",
    "-P": "--pool",
    "-B": "--beat",
    "-S": "--scheduler",
    "-s": "--schedule",
    "-O": "--optimization",
    "-E": "--task-events",
    "-X": "--exclude-queues",
    "-w": "--workers",
    "-b": "--bind",
    "-k": "--worker-class",
}
FLAGS = frozenset(
    {"--beat", "--task-events", "--detach", "--purge", "--without-gossip"}
)
SEPARATORS = re.compile(r"\s*(?:&&|\|\||;|&(?=\s|$))\s*")


def process_command(line: str, place: Location) -> ProcessCommand | None:
    """The command that a line starts, or None where it starts nothing."""
    for part in SEPARATORS.split(line):
        if NOT_A_START.search(part):
            continue
        match = CELERY.search(part)
        if match is not None:
            return _celery(part[match.start() :], match[1], place)
        match = WEB.search(part)
        if match is not None:
            return _command(
                "web", part[match.start() :], place, _words(part[match.start() :])
            )
    return None


def _celery(text: str, verb: str, place: Location) -> ProcessCommand:
    kind = "worker" if verb == "multi" else verb
    words = _words(text)
    return _command(kind, text, place, words)


def _command(kind: str, text: str, place: Location, words: list[str]) -> ProcessCommand:
    options = _options(words)
    given = dict(options)
    return ProcessCommand(
        kind=kind,
        location=place,
        command=one_line(" ".join(words) or text.strip()),
        queues=_queues(given.get("--queues", "")),
        concurrency=_number(given.get("--concurrency", given.get("--workers", ""))),
        options=tuple(options),
    )


def _words(text: str) -> list[str]:
    """The words of a shell line, or of a list in JSON or YAML."""
    plain = re.sub(r"^[\s\"'=\[,;&|(/]*(?:-m[\s\"',]+)?", "", text.strip())
    plain = re.sub(r"[\"']\s*,\s*[\"']", " ", plain)
    plain = re.sub(r"[\"']?\s*\]\s*[,}]*\s*$", "", plain)
    try:
        return shlex.split(plain, comments=True)
    except ValueError:
        return [word.strip("\"'") for word in plain.split()]


def _options(words: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word.partition("=")
        if not name.startswith("--") and len(name) > 2:  # noqa: PLR2004 - `-c4`, `-Qmail`
            name, value, equals = name[:2], name[2:] + equals + value, "="
        name = LONG_NAMES.get(name, name)
        if not equals and name not in FLAGS and index < len(words):
            following = words[index]
            if not following.startswith("-"):
                value = following
                index += 1
        found.append((name, value))
    return found


def _queues(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None
