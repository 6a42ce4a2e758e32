"""One file before and after, line beside line, with the changed parts of a line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrator.report.html.code import decoded
from migrator.report.html.markup import SPACE, Html, join, lines, tag
from migrator.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from migrator.model import FileChange

CONTEXT = 3
MINUS = "\u2212"
# Two lines that have less in common than this are shown as wholly different.
ALIKE = 0.4
MOST_FOLDED = 80  # a new file of more lines is folded at first

Opcode = tuple[str, int, int, int, int]  # as difflib's


@dataclass(frozen=True, slots=True)
class FileDiff:
    change: FileChange
    before: list[str]
    after: list[str]
    added: int
    removed: int

    @property
    def is_new(self) -> bool:
        return self.change.before is None


def file_diff(change: FileChange) -> FileDiff:
    """Decoded by the file's own encoding; line ends are left out if all are alike."""
    before, after = _split(change.before), _split(change.after)
    added = removed = 0
    for kind, i1, i2, j1, j2 in _opcodes(before, after):
        if kind != "equal":
            removed += i2 - i1
            added += j2 - j1
    return FileDiff(change, before, after, added, removed)


def _split(data: bytes | None) -> list[str]:
    if not data:
        return []
    rows = decoded(data).split("\n")
    if rows[-1] == "":
        rows.pop()
    else:
        rows[-1] += " ⏎ missing"
    if all(row.endswith("\r") for row in rows):
        return [row[:-1] for row in rows]
    return rows


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Sequence[Opcode]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return matcher.get_opcodes()


def file_block(diff: FileDiff, anchor: str) -> Html:
    """The file with its counts and who asked for the change."""
    change = diff.change
    kind = "new file" if diff.is_new else "gone" if change.after is None else None
    removed = f"{MINUS}{diff.removed:,}"
    facts = [
        tag("span", change.path, class_="path"),
        tag("span", f"+{diff.added:,}", class_="plus"),
        None if diff.is_new else tag("span", removed, class_="minus"),
        tag("span", kind, class_="asked") if kind else None,
        tag("span", f"for {', '.join(change.reasons)}", class_="asked")
        if change.reasons
        else None,
    ]
    summary = tag("summary", join(facts, SPACE))
    is_open = not (diff.is_new and len(diff.after) > MOST_FOLDED)
    table = _new_file(diff) if diff.is_new else _two_sides(diff)
    return tag("details", summary, table, class_="diff-file", id=anchor, open=is_open)


def _new_file(diff: FileDiff) -> Html:
    rows = [
        tag("tr", _number(number), _cell(lines(row), "add"))
        for number, row in enumerate(diff.after, 1)
    ]
    return _table(diff, "new", [tag("col", class_="n"), tag("col")], rows)


def _two_sides(diff: FileDiff) -> Html:
    columns = [tag("col", class_="n"), tag("col")] * 2
    return _table(diff, "changed", columns, list(_rows(diff)))


def _table(diff: FileDiff, kind: str, columns: list[Html], rows: list[Html]) -> Html:
    if not rows:
        return tag("p", "The file is empty.", class_="note")
    return tag(
        "table",
        tag("caption", f"{diff.change.path}, {kind}", class_="hidden"),
        tag("colgroup", *columns),
        tag("tbody", *rows),
        class_=f"side {kind}",
    )


def _rows(diff: FileDiff) -> Iterator[Html]:
    shown = 0  # lines of the file before, up to here
    for group in _groups(diff):
        first = group[0][1]
        if first > shown:
            yield _left_out(first - shown)
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                for offset in range(i2 - i1):
                    row = lines(diff.before[i1 + offset])
                    yield _row(i1 + offset, row, j1 + offset, row, "same")
            else:
                yield from _changed(diff, range(i1, i2), range(j1, j2))
        shown = group[-1][2]
    if shown < len(diff.before):
        yield _left_out(len(diff.before) - shown)


def _groups(diff: FileDiff) -> list[Sequence[Opcode]]:
    matcher = difflib.SequenceMatcher(None, diff.before, diff.after, autojunk=False)
    return [list(group) for group in matcher.get_grouped_opcodes(CONTEXT)]


def _left_out(count: int) -> Html:
    text = counted(count, "unchanged line")
    return tag("tr", tag("td", text, colspan=4), class_="skip-lines")


def _changed(diff: FileDiff, old: range, new: range) -> Iterator[Html]:
    """A removed line beside the added one of the same number, while both last."""
    for offset in range(max(len(old), len(new))):
        i = old[offset] if offset < len(old) else None
        j = new[offset] if offset < len(new) else None
        before = diff.before[i] if i is not None else ""
        after = diff.after[j] if j is not None else ""
        if i is not None and j is not None:
            left, right = _parts(before, after)
        else:
            left, right = lines(before), lines(after)
        yield _row(i, left, j, right, "changed")


def _parts(before: str, after: str) -> tuple[Html, Html]:
    """Both lines, with what only one of them has marked."""
    old, new = (re.findall(r"\w+|\s+|.", row) for row in (before, after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < ALIKE:
        return lines(before), lines(after)
    left: list[Html] = []
    right: list[Html] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        gone, come = lines("".join(old[i1:i2])), lines("".join(new[j1:j2]))
        left.append(gone if kind == "equal" or not gone else tag("del", gone))
        right.append(come if kind == "equal" or not come else tag("ins", come))
    return join(left), join(right)


def _row(old: int | None, left: Html, new: int | None, right: Html, kind: str) -> Html:
    is_same = kind == "same"
    return tag(
        "tr",
        _number(None if old is None else old + 1),
        _cell(left, "same" if is_same else "none" if old is None else "del"),
        _number(None if new is None else new + 1),
        _cell(right, "same" if is_same else "none" if new is None else "add"),
        class_=kind,
    )


def _number(number: int | None) -> Html:
    return tag("td", None if number is None else str(number), class_="n")


SIGNS = {"del": MINUS, "add": "+"}
WORDS = {"del": "removed: ", "add": "added: "}


def _cell(content: Html, kind: str) -> Html:
    if kind not in SIGNS:
        return tag("td", content, class_=kind)
    sign = tag("span", SIGNS[kind], class_="sign", aria_hidden="true")
    word = tag("span", WORDS[kind], class_="hidden")
    return tag("td", sign, word, content, class_=kind)
