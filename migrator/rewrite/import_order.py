"""Where an import goes that is new in a file: where isort and ruff would put it.

https://pycqa.github.io/isort/docs/configuration/options.html, its defaults: sections
of the standard library, of installed packages, and of the project, a blank line
between them; in each `import x` before `from x import y`, by the name of the module.
A block that does not keep to this order itself gets the import at its end.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node_or_raise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Import = cst.Import | cst.ImportFrom
Line = cst.SimpleStatementLine | cst.BaseCompoundStatement
BLANK = cst.EmptyLine(indent=False)


class Section(IntEnum):
    FUTURE = 0
    STANDARD = 1
    INSTALLED = 2
    OWN = 3
    RELATIVE = 4


Key = tuple[Section, bool, str, str]  # section, whether `from`, name


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """How the imports of one file are sorted."""

    own: frozenset[str]  # top-level names of the project, as the file imports them

    @classmethod
    def of(cls, path: str, files: Iterable[str], own: Iterable[str]) -> ImportOrder:
        """For the file at `path`, among all files of the project.

        `own`: names of the project that may have no file yet.
        """
        listed = frozenset(files)
        return cls(frozenset({*own, *_top_names(_roots(path, listed), listed)}))

    def key(self, statement: Import) -> Key:
        if isinstance(statement, cst.Import):
            name = get_full_name_for_node_or_raise(statement.names[0].name)
            return self._section(name), False, name.lower(), name
        module = statement.module
        name = get_full_name_for_node_or_raise(module) if module else ""
        if statement.relative:
            return Section.RELATIVE, True, name.lower(), name
        return self._section(name), True, name.lower(), name

    def _section(self, module: str) -> Section:
        top = module.partition(".")[0]
        if top == "__future__":
            return Section.FUTURE
        if top in self.own:
            return Section.OWN
        is_standard = top in sys.stdlib_module_names
        return Section.STANDARD if is_standard else Section.INSTALLED

    def is_sorted(self, statements: Sequence[Import]) -> bool:
        keys = [self.key(one) for one in statements]
        return all(first <= second for first, second in pairwise(keys))

    def keeps_order(self, body: Sequence[cst.CSTNode], at: int, new: Import) -> bool:
        """Whether the import at an index may be another one, and nothing is moved.

        So it is where the block is sorted with it, or was not sorted before.
        """
        start, end = _block_around(body, at)
        before = [_import(line) for line in body[start:end]]
        after = [*before]
        after[at - start] = new
        return self.is_sorted(after) or not self.is_sorted(before)

    def insert(self, body: list[Line], end: int, line: cst.SimpleStatementLine) -> None:
        """Put the line among the imports that end before the index `end`."""
        new = _import(line)
        start, _ = _block_around(body, end - 1) if end else (0, 0)
        statements = [_import(one) for one in body[start:end]]
        if not statements:
            body.insert(end, _below_blank(line) if end else line)
            return
        key = self.key(new)
        offset = next(
            (i for i, one in enumerate(statements) if self.key(one) > key),
            len(statements),
        )
        if not self.is_sorted(statements):
            offset = len(statements)
        sections = [self.key(one)[0] for one in statements]
        is_spaced = _is_spaced(sections, body[start:end])
        at = start + offset
        before = sections[offset - 1] if offset else None
        after = sections[offset] if offset < len(sections) else None
        if before == key[0]:
            body.insert(at, line)
        elif offset == 0 or after == key[0]:
            self._insert_above(body, at, line, is_apart=is_spaced and after != key[0])
        else:
            body.insert(at, _below_blank(line) if is_spaced else line)
            if after is not None and is_spaced:
                body[at + 1] = _below_blank(body[at + 1])

    def _insert_above(
        self,
        body: list[Line],
        at: int,
        line: cst.SimpleStatementLine,
        *,
        is_apart: bool,
    ) -> None:
        """The line takes over the blank lines that the import there has above it."""
        follower = body[at]
        own = list(follower.leading_lines)
        count = next((i for i, one in enumerate(own) if one.comment), len(own))
        bare = follower.with_changes(leading_lines=own[count:])
        body[at : at + 1] = [
            line.with_changes(leading_lines=own[:count]),
            _below_blank(bare) if is_apart else bare,
        ]


def _roots(path: str, files: Collection[str]) -> set[str]:
    """The folders from which the project's modules may be imported, as "" or "x/"."""
    roots = {"", "src/"}
    folder = path
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        if f"{folder}/__init__.py" not in files:
            roots.add(f"{folder}/")
    return roots


def _top_names(roots: Collection[str], files: Collection[str]) -> set[str]:
    return {
        file[len(root) :].partition("/")[0].removesuffix(".py")
        for root in roots
        for file in files
        if file.startswith(root)
    }


def _import(line: cst.CSTNode) -> Import:
    """The first import of a line that holds nothing else."""
    first = cst.ensure_type(line, cst.SimpleStatementLine).body[0]
    if not isinstance(first, cst.Import | cst.ImportFrom):
        raise TypeError(first)
    return first


def is_import_line(line: cst.CSTNode) -> bool:
    return isinstance(line, cst.SimpleStatementLine) and all(
        isinstance(one, cst.Import | cst.ImportFrom) for one in line.body
    )


def _block_around(body: Sequence[cst.CSTNode], at: int) -> tuple[int, int]:
    """The run of lines that only import, around an index; it may be empty."""
    start = end = at + 1
    while start and is_import_line(body[start - 1]):
        start -= 1
    while end < len(body) and start < end and is_import_line(body[end]):
        end += 1
    return start, end


def _is_spaced(sections: Sequence[Section], lines: Sequence[cst.CSTNode]) -> bool:
    """Whether blank lines divide the sections; so it is where there is only one."""
    return all(
        any(one.comment is None for one in getattr(line, "leading_lines", ()))
        for line, (first, second) in zip(lines[1:], pairwise(sections), strict=True)
        if first != second
    )


def _below_blank(line: Line) -> Line:
    own = list(getattr(line, "leading_lines", ()))
    if own and own[0].comment is None:
        return line
    return line.with_changes(leading_lines=[BLANK, *own])
