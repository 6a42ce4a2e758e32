"""Every Python file that was written compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.model import Location
from migrator.verify.result import Check, Problem

if TYPE_CHECKING:
    from migrator.verify.comparison import Comparison


def check(compared: Comparison) -> Check:
    """SyntaxErrors of written files, each with its line."""
    there = set(compared.project.files)
    paths = [p for p in compared.written if p.endswith(".py") and p in there]
    problems = [p for path in paths for p in _problems(compared, path)]
    return Check("compiles", f"{len(paths)} written Python files", tuple(problems))


def _problems(compared: Comparison, path: str) -> list[Problem]:
    try:
        source = compared.project.read(path)
    except OSError as error:
        return [Problem(f"cannot be read: {error.strerror}", Location(path, 1))]
    try:
        compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [Problem(f"does not compile: {error}", Location(path, line))]
    return []
