"""Worker, beat and web commands in Procfile, compose, Helm, systemd, supervisor, shell.

Lines are read as lines: templates, variables and quoting are kept as they are. YAML is
not parsed at all, so a Helm template with its braces is read like any other file.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from migrator.model import FileOutcome, FileStatus, Location, ProcessCommand
from migrator.scan.commands import CELERY, WEB, process_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.project import Project

NAMES = re.compile(
    r"^(?:Procfile(?:\..+)?|Dockerfile(?:\..+)?|.+\.Dockerfile|Makefile|justfile"
    r"|.*supervisor.*\.(?:conf|ini)|docker-entrypoint.*|entrypoint.*)$"
)
SUFFIXES = frozenset(
    {
        ".yml",
        ".yaml",
        ".tpl",
        ".service",
        ".sh",
        ".bash",
        ".conf",
        ".ini",
        ".procfile",
        ".toml",
        ".json",
        ".nomad",
        ".hcl",
        ".tf",
    }
)
# A folder of these holds how the program is started, whatever the file is called.
FOLDERS = frozenset({"bin", "scripts", "docker", "deploy", "deployment", "compose"})
MAX_BYTES = 1_000_000
MAX_LINE = 2_000
WORDS = (b"celery", b"uvicorn", b"gunicorn", b"flower", b"daphne", b"hypercorn")
COMMENT = re.compile(r"^\s*(?:#|//|;)")
CONTINUED = re.compile(r"\\\s*$")
PROGRAM_ALONE = re.compile(r"(?<=[\s\[:])[\"']?celery[\"']?\s*\]?\s*$")
ARGUMENTS = re.compile(r"^\s*args\s*:\s*")
KUBERNETES = re.compile(
    rb"^\s*kind:\s*[\"']?(?:Deployment|StatefulSet|CronJob|DaemonSet|Job)\b",
    re.MULTILINE,
)


def read_processes(
    project: Project,
) -> tuple[tuple[ProcessCommand, ...], list[FileOutcome]]:
    """The commands, and outcomes of the files that could not be read."""
    commands: list[ProcessCommand] = []
    failed: list[FileOutcome] = []
    for path in project.files:
        if not may_start_processes(path):
            continue
        try:
            data = project.read(path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
            failed.append(FileOutcome(path, FileStatus.FAILED, reason))
            continue
        if len(data) <= MAX_BYTES and any(word in data for word in WORDS):
            commands += _in_text(path, data.decode("utf-8", "replace"))
    return tuple(dict.fromkeys(commands)), failed


def has_kubernetes(project: Project) -> bool:
    """Whether there are manifests or a chart of Kubernetes."""
    for path in project.files:
        name = path.rpartition("/")[2]
        if name in {"Chart.yaml", "kustomization.yaml", "kustomization.yml"}:
            return True
        if not name.endswith((".yaml", ".yml")):
            continue
        try:
            data = project.read(path)
        except OSError:
            continue  # not to be read: told where its commands are looked for
        if b"apiVersion:" in data and KUBERNETES.search(data[:MAX_BYTES]):
            return True
    return False


def may_start_processes(path: str) -> bool:
    """Whether a file can hold commands, by its name."""
    if path.endswith(".py"):
        return False
    pure = PurePosixPath(path)
    if pure.suffix in {".md", ".rst", ".lock", ".js", ".ts", ".po"}:
        return False
    return (
        pure.suffix in SUFFIXES
        or NAMES.match(pure.name) is not None
        or (not pure.suffix and not FOLDERS.isdisjoint(pure.parts[:-1]))
    )


def _in_text(path: str, text: str) -> Iterator[ProcessCommand]:
    for number, column, line in _logical_lines(text):
        if COMMENT.match(line) or len(line) > MAX_LINE:
            continue
        if CELERY.search(line) or WEB.search(line):
            place = Location(path, number, column)
            command = process_command(line, place)
            if command is not None:
                yield command


def _logical_lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Lines with those joined that end in a backslash, and lists of arguments.

    An argument list over several lines (`command:` of compose and Kubernetes, one
    `- word` a line) is joined as well.
    """
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        start, line = index, lines[index]
        while CONTINUED.search(line) and index + 1 < len(lines):
            index += 1
            line = f"{CONTINUED.sub('', line)} {lines[index].strip()}"
        index += 1
        if re.search(
            r"(?:command|args|entrypoint|cmd)[\"']?\s*:\s*[>|\[]?[-+]?\s*$", line
        ):
            joined, index = _block(lines, index, line)
            line = f"{line} {joined}"
        following = lines[index] if index < len(lines) else ""
        if PROGRAM_ALONE.search(line) and ARGUMENTS.match(following):
            joined, index = _arguments(lines, index)
            line = f"{PROGRAM_ALONE.sub('celery', line)} {joined}"
        column = len(line) - len(line.lstrip())
        yield start + 1, column, line


def _arguments(lines: list[str], index: int) -> tuple[str, int]:
    head = lines[index]
    inside = ARGUMENTS.sub("", head).strip().strip("[]")
    if inside:
        words = [word.strip().strip("\"'") for word in inside.split(",")]
        return " ".join(words), index + 1
    return _block(lines, index + 1, head)


def _block(lines: list[str], index: int, head: str) -> tuple[str, int]:
    """The words of an indented block below `command:`."""
    depth = len(head) - len(head.lstrip())
    words: list[str] = []
    while index < len(lines) and lines[index].strip():
        line = lines[index]
        indent = len(line) - len(line.lstrip())
        is_item = line.lstrip().startswith("- ")
        if indent < depth or (indent == depth and not is_item):
            break
        if re.match(r"\s*-?\s*[A-Za-z_]+:\s", line):
            break
        words.append(_word(line))
        index += 1
    return " ".join(words), index


def _word(line: str) -> str:
    text = re.sub(r"^\s*-\s+", "", line).strip().rstrip(",")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
